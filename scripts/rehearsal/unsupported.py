"""What ministack leaves out of a stack, made by hand from what the template says.

It makes an API, but reads no OpenAPI document: here its routes are made one by one, each with an integration of the
alias that the document names. And it makes roles, but without their boundaries.
"""

import re

INTEGRATION = "x-amazon-apigateway-integration"


def documented(template):
    """Each route of the template's document, as in "GET /v1/orgs", with the name of the alias that it calls."""
    for path, methods in the_api(template)[1]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = operation[INTEGRATION]["uri"]["Fn::Sub"]
            yield f"{method.upper()} {path}", re.search(r"functions/\$\{(\w+)}/invocations$", uri).group(1), operation


def the_api(template):
    (found,) = [it for it in template["Resources"].items() if it[1]["Type"] == "AWS::ApiGatewayV2::Api"]
    return found


def make_routes(cloud, template, resources):
    """Makes the routes, and returns the base URL of the API."""
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
    """Puts the boundary, an ARN, on each role whose template says that it has one."""
    iam = cloud.client("iam")
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role" and "PermissionsBoundary" in resource["Properties"]:
            iam.put_role_permissions_boundary(RoleName=resources[name], PermissionsBoundary=boundary)


def roles(template):
    """The role of each route, by the name that it has in the template."""
    resources = template["Resources"]
    for route, alias, _ in documented(template):
        function = resources[resources[alias]["Properties"]["FunctionName"]["Ref"]]
        yield route, function["Properties"]["Role"]["Fn::GetAtt"][0]
