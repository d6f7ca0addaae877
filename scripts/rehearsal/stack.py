"""The rehearsed stack: its bootstrap, deployments and deletion, by the real SAM CLI."""

import json
import subprocess

import parameters
from samtranslator.yaml_helper import yaml_parse

NAME = "projects-api"
BOOTSTRAP = f"bootstrap-{NAME}"
PATIENCE_SECONDS = 60


class Stack:
    """Stack in a cloud, deployed from a folder with a built template.yaml."""

    def __init__(self, root, cloud, folder):
        self.root = root
        self.cloud = cloud
        self.folder = folder
        self.formation = cloud.client("cloudformation")

    def bootstrap(self):
        """Creates the artifact bucket, the roles and the boundary of .github/bootstrap.yaml.

        Leaves GitHub's identity provider out, because ministack refuses a template with one.
        """
        template = yaml_parse((self.root / ".github/bootstrap.yaml").read_text())
        providers = [name for name, it in template["Resources"].items() if it["Type"] == "AWS::IAM::OIDCProvider"]
        for name in providers:
            template["Resources"][name] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
        given = {"Repository": "owner/name", "Environment": "staging", "StackName": NAME}
        given |= {"OwnerId": "1", "RepositoryId": "2"}
        self.formation.create_stack(
            StackName=BOOTSTRAP,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        )
        self.formation.get_waiter("stack_create_complete").wait(
            StackName=BOOTSTRAP, WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE_SECONDS}
        )
        return self.outputs(BOOTSTRAP)

    def deploy(self, bucket, given, stage):
        """Deploys the folder with these parameters, and with the others as scripts/deploy passes them.

        The stack's tags are those of samconfig.toml. Returns SAM's exit code and output.
        """
        template, values = self.folder / "template.yaml", self.folder / "parameters.yaml"
        values.write_text(json.dumps(parameters.complete(yaml_parse(template.read_text())["Parameters"], given)))
        what = ["--template-file", str(template), "--parameter-overrides", f"file://{values}", "--s3-bucket", bucket]
        flags = ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        tags = ["--tags", "service=projects-api", f"stage={stage}"]
        return self.sam("deploy", *what, *flags, *tags, "--no-progressbar")

    def deploy_built(self, environment):
        """Runs scripts/deploy on the last build. Returns its exit code and output."""
        return self.run(self.root / "scripts/deploy", environment)

    def delete(self, bucket):
        return self.sam("delete", "--no-prompts", "--s3-bucket", bucket, "--s3-prefix", NAME)

    def sam(self, command, *arguments):
        """Runs SAM on the stack, with all settings on the command line. Returns its exit code and output."""
        place = ["--stack-name", NAME, "--region", self.formation.meta.region_name]
        return self.run("sam", command, *place, *arguments)

    def run(self, *command):
        """Runs a command with the tools of a deployment. Returns its exit code and output."""
        done = subprocess.run(
            [self.root / "scripts/with-tools", *command],
            cwd=self.folder,
            env=self.cloud.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def outputs(self, name=NAME):
        found = self.formation.describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def tags(self):
        found = self.formation.describe_stacks(StackName=NAME)["Stacks"][0].get("Tags", [])
        return {tag["Key"]: tag["Value"] for tag in found}

    def parameter(self, name):
        """Returns the current value of a parameter."""
        found = self.formation.describe_stacks(StackName=NAME)["Stacks"][0]["Parameters"]
        return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found}[name]

    def resources(self):
        """Returns the physical name of each resource by its logical id."""
        found = self.formation.describe_stack_resources(StackName=NAME)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    def template(self):
        """Returns the template as CloudFormation received it from SAM."""
        found = self.formation.get_template(StackName=NAME, TemplateStage="Processed")["TemplateBody"]
        return json.loads(found) if isinstance(found, str) else found
