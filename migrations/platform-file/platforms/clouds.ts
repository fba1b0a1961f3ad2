import { cmd } from "../../../src/kit/shell.ts";
import type { PlatformVariable } from "../syntax/walk.ts";
import { ecsSecrets } from "./ecs-native.ts";
import { nomadTemplate } from "./nomad-native.ts";
import type { Platform } from "./platform.ts";

/** Source: docs.aws.amazon.com, AmazonECS, "Pass sensitive data to an Amazon ECS container". */
export const ecs: Platform = {
  name: "ecs",
  what: "an ECS task definition",
  path: /\.json$/,
  signs: [["containerDefinitions"]],
  environments: [{ at: "**/containerDefinitions/*/environment", form: { name: "name", value: "value" } }],
  exposure: "anyone with ecs:DescribeTaskDefinition, in every revision, and docker inspect on the instances",
  stays: ({ name }) => ({
    reason: "is in the environment of an ECS task definition",
    hint: cmd`name it in secrets, with valueFrom: {"name": ${name}, "valueFrom": "the ARN of a Secrets Manager secret or SSM parameter"}`,
  }),
  native: ecsSecrets,
};

/** Source: docs.aws.amazon.com, AWS CloudFormation template reference. */
export const cloudFormation: Platform = {
  name: "cloudformation",
  what: "a CloudFormation template",
  path: /\.(?:ya?ml|json|template)$/,
  signs: [["Resources"], ["AWS::"]],
  environments: [
    { at: "**/ContainerDefinitions/**/Environment", form: { name: "Name", value: "Value" } },
    ...["MasterUserPassword", "AuthToken", "Password"].map((key) => ({
      at: `Resources/*/Properties/${key}`,
      form: { text: "" },
    })),
    { at: "Resources/*/Properties/Environment/Variables", form: "map" },
    { at: "Resources/*/Properties/Parameters", form: "map" },
    { at: "Parameters/*/Default", form: { text: ".." } },
  ],
  exposure: "anyone with ecs:DescribeTaskDefinition or cloudformation:GetTemplate",
  stays: cloudFormationStays,
};

/** Sources: AWS::ECS::TaskDefinition Secret; AWS CloudFormation user guide, "Get a secret or secret value from Secrets Manager". */
function cloudFormationStays({ name, of, item }: PlatformVariable): ReturnType<Platform["stays"]> {
  const isNested = /^Resources\..+\.Parameters$/.test(of);
  if (isNested || of.startsWith("Parameters."))
    return {
      reason: isNested ? "is a parameter of a nested stack" : "is the default of a parameter",
      hint: cmd`write {{resolve:secretsmanager:…}} where ${name} is used, remove the parameter, and rotate it`,
    };
  if (of.endsWith(".Variables"))
    return {
      reason: "is in the environment of a function, which AWS shows",
      hint: "let the program read it from a store when it starts, remove it here, and rotate it",
    };
  if (item.kind === "text")
    return {
      reason: "is a property of a resource in a CloudFormation template",
      hint: cmd`write '{{resolve:secretsmanager:NAME:SecretString:${name}}}' in its place, and rotate it`,
    };
  return {
    reason: "is in the environment of a CloudFormation task definition",
    hint: cmd`take it out of Environment, and add to Secrets: {Name: ${name}, ValueFrom: !Ref a Secrets Manager secret}`,
  };
}

const RESOURCE = "resource/*/*";

/** Source: developer.hashicorp.com/terraform, "Manage sensitive data in your configuration". */
export const terraform: Platform = {
  name: "terraform",
  what: "a Terraform configuration",
  path: /\.tf$/,
  signs: [["resource", "module", "variable"]],
  environments: [
    { at: "resource/docker_container/*/env", form: "words" },
    { at: "resource/docker_container/*/env", form: "map" },
    { at: "resource/docker_service/*/task_spec/container_spec/env", form: "map" },
    { at: "**/container_definitions/**/environment", form: { name: "name", value: "value" } },
    { at: "module/*/environment", form: { name: "name", value: "value" } },
    { at: "**/environment/variables", form: "map" },
    { at: `${RESOURCE}/secret_string`, form: { text: "secret_string" } },
    { at: "resource/aws_secretsmanager_secret_version/*/secret_string", form: "map" },
    { at: "resource/google_secret_manager_secret_version/*/secret_data", form: { text: "secret_data" } },
    { at: "resource/kubernetes_secret/*/data", form: "map" },
    { at: "variable/*/default", form: { text: ".." } },
  ],
  exposure: "anyone who can read the Terraform state, which keeps it in plain text",
  stays: terraformStays,
};

function terraformStays({ name, of }: PlatformVariable): ReturnType<Platform["stays"]> {
  const variable = name.toLowerCase().replace(/[^a-z0-9_]/g, "_");
  if (/_secret(?:_version)?\b/.test(of))
    return {
      reason: `is the secret itself, in ${of}`,
      hint: cmd`set it from an ephemeral variable with the write-only argument (secret_string_wo, secret_data_wo), which the state does not keep, and rotate it`,
    };
  if (of.startsWith("variable."))
    return {
      reason: "is the default of a variable",
      hint: cmd`write sensitive = true in place of the default, and set TF_VAR_${name} from a store when you apply`,
    };
  if (of.includes("container_definitions"))
    return {
      reason: "is in the environment of a task definition",
      hint: cmd`name it in secrets: { name = ${name}, valueFrom = aws_secretsmanager_secret.${variable}.arn }`,
    };
  return {
    reason: `is in ${of} of a Terraform configuration`,
    hint: cmd`declare variable ${variable} with sensitive = true, write var.${variable} here, and set TF_VAR_${variable} from a store when you apply`,
  };
}

/** Source: developer.hashicorp.com/nomad, "template block", env and nomadVar. */
export const nomad: Platform = {
  name: "nomad",
  what: "a Nomad job",
  path: /\.(?:nomad|hcl)$/,
  signs: [["job "], ["task "]],
  environments: [{ at: "**/task/*/env", form: "map" }],
  exposure: "anyone with Nomad's read-job capability",
  stays: ({ name }) => ({
    reason: "is in the env block of a Nomad task",
    hint: cmd`nomad var put nomad/jobs/JOB ${name}=@FILE, then a template block with env = true and ${name}={{ with nomadVar "nomad/jobs/JOB" }}{{ .${name} }}{{ end }}`,
  }),
  native: nomadTemplate,
};
