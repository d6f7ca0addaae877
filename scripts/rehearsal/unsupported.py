"""Parts of a stack that ministack doesn't support, created from the template.

ministack creates an API, but reads no OpenAPI document: this creates its routes, each with an integration of the alias
that the document names. It creates roles, but without their boundaries. It refuses some resources of the monitoring,
which the rehearsal leaves out.
"""

import re

INTEGRATION = "x-amazon-apigateway-integration"
REFUSED = {
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::CloudWatch::InsightRule",
    "AWS::Logs::QueryDefinition",
}


def leave_out_refused(template):
    """Replaces refused resources, among them alarms on expressions. Others refer to them, so their names stay."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in REFUSED or "Metrics" in resource.get("Properties", {}):
            template["Resources"][name] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def documented(template):
    """Yields each route of the template's document, such as "GET /v1/orgs", its alias and its operation."""
    for path, methods in the_api(template)[1]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = operation[INTEGRATION]["uri"]["Fn::Sub"]
            yield f"{method.upper()} {path}", re.search(r"functions/\$\{(\w+)}/invocations$", uri).group(1), operation


def the_api(template):
    (found,) = [it for it in template["Resources"].items() if it[1]["Type"] == "AWS::ApiGatewayV2::Api"]
    return found


def make_routes(cloud, template, resources):
    """Creates the routes, and returns the base URL of the API."""
    gateway = cloud.client("apigatewayv2")
    api = resources[the_api(template)[0]]
    for route, alias, operation in documented(template):
        integration = operation[INTEGRATION]
        made = gateway.create_integration(
            ApiId=api,
            IntegrationType=integration["type"].upper(),
            IntegrationMethod=integration["httpMethod"],
            IntegrationUri=resources[alias],
            PayloadFormatVersion=integration["payloadFormatVersion"],
        )
        gateway.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{made['IntegrationId']}")
    return f"{cloud.endpoint}/_aws/execute-api/{api}"


def bind_roles(cloud, template, resources, boundary):
    """Sets the boundary, an ARN, of each role that has one in the template."""
    iam = cloud.client("iam")
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role" and "PermissionsBoundary" in resource["Properties"]:
            iam.put_role_permissions_boundary(RoleName=resources[name], PermissionsBoundary=boundary)


def roles(template):
    """Yields each route with its role's name in the template."""
    resources = template["Resources"]
    for route, alias, _ in documented(template):
        function = resources[resources[alias]["Properties"]["FunctionName"]["Ref"]]
        yield route, function["Properties"]["Role"]["Fn::GetAtt"][0]
