/**
 * One file of each platform. `SECRET_1`, `SECRET_2` … stand for secrets; `at` is where each is declared, by what and in
 * which line. Everything else in the files is harmless, and so is what a platform fills in.
 */
export type PlatformFile = {
  readonly platform: string;
  readonly file: string;
  readonly text: string;
  readonly at: readonly (readonly [name: string, of: string, line: number])[];
  /** What the refusal names as the platform's own way; null where the file is rewritten. */
  readonly way: RegExp | null;
};

export const PLATFORM_FILES: readonly PlatformFile[] = [
  {
    platform: "ecs",
    file: "deploy/task-definition.json",
    text: `{
  "family": "shop",
  "containerDefinitions": [
    {
      "name": "api",
      "environment": [
        { "name": "PORT", "value": "80" },
        { "name": "DB_PASSWORD", "value": "SECRET_1" },
        {
          "name": "SESSION_SECRET",
          "value": "SECRET_2"
        }
      ],
      "secrets": [{ "name": "API_KEY", "valueFrom": "arn:aws:ssm:eu-west-1:000000000000:parameter/api-key" }]
    }
  ]
}
`,
    at: [
      ["DB_PASSWORD", "containerDefinitions[api].environment", 8],
      ["SESSION_SECRET", "containerDefinitions[api].environment", 11],
    ],
    way: null,
  },
  {
    platform: "app-service",
    file: "deploy/web.settings.json",
    text: `[
  { "name": "PORT", "slotSetting": false, "value": "80" },
  {
    "name": "DB_PASSWORD",
    "slotSetting": true,
    "value": "SECRET_1"
  },
  { "name": "API_KEY", "slotSetting": false, "value": "@Microsoft.KeyVault(SecretUri=https://team.vault.azure.net/secrets/api-key)" }
]
`,
    at: [["DB_PASSWORD", "", 6]],
    way: null,
  },
  {
    platform: "container-apps",
    file: "deploy/containerapp.yaml",
    text: `location: westeurope
properties:
  managedEnvironmentId: /subscriptions/0/resourceGroups/shop/providers/Microsoft.App/managedEnvironments/shop
  configuration:
    secrets:
      - name: api-key
        keyVaultUrl: https://team.vault.azure.net/secrets/api-key
        identity: system
  template:
    containers:
      - name: web
        image: shop/web
        env:
          - name: API_KEY
            secretRef: api-key
          - name: DB_PASSWORD
            value: SECRET_1
`,
    at: [["DB_PASSWORD", "properties.template.containers[web].env", 17]],
    way: /write secretRef: db-password in place of the value/,
  },
  {
    platform: "cloudformation",
    file: "deploy/stack.yaml",
    text: `Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: api
          Image: !Sub "\${Registry}/api"
          Environment:
            - Name: DB_PASSWORD
              Value: SECRET_1
            - {Name: DB_HOST, Value: !GetAtt Db.Endpoint.Address}
`,
    at: [["DB_PASSWORD", "Resources.Task.Properties.ContainerDefinitions[api].Environment", 10]],
    way: /add to Secrets: \{Name: DB_PASSWORD/,
  },
  {
    platform: "terraform",
    file: "infra/main.tf",
    text: `# a database, and what else there is
resource "docker_container" "db" {
  image = docker_image.db.image_id
  env = [
    "POSTGRES_PASSWORD=SECRET_1", // rotate
    "POSTGRES_DB=\${var.name}",
  ]
  healthcheck { test = ["CMD", "pg_isready"] }
}

resource "aws_ecs_task_definition" "web" {
  container_definitions = jsonencode([
    {
      name        = "web"
      environment = [
        { name = "LOG", value = "info" },
        { name = "DB_PASSWORD", value = "SECRET_2" },
        { name = "REDIS_URL", value = "redis://:\${var.redis_password}@redis" }
      ]
    }
  ])
}

resource "aws_secretsmanager_secret_version" "smtp" {
  secret_id     = aws_secretsmanager_secret.smtp.id
  secret_string = "SECRET_3"
}

variable "admin_password" {
  type    = string
  default = "SECRET_4"
}
`,
    at: [
      ["POSTGRES_PASSWORD", "resource.docker_container.db.env", 5],
      ["DB_PASSWORD", "resource.aws_ecs_task_definition.web.container_definitions[web].environment", 17],
      ["secret_string", "resource.aws_secretsmanager_secret_version.smtp.secret_string", 26],
      ["admin_password", "variable.admin_password.default", 31],
    ],
    way: /sensitive = true|valueFrom|write-only/,
  },
  {
    platform: "nomad",
    file: "jobs/shop.nomad.hcl",
    text: `job "shop" {
  group "web" {
    task "api" {
      driver = "docker"
      config {
        image = "api:1"
      }
      env {
        LOG         = "info"
        DB_PASSWORD = "SECRET_1"
      }
      template {
        data = <<-EOF
        DB_HOST={{ range service "db" }}{{ .Address }}{{ end }}
        EOF
        destination = "local/app.env"
        env         = true
      }
      env { API_TOKEN = "SECRET_2" }
    }
  }
}
`,
    at: [
      ["DB_PASSWORD", "job.shop.group.web.task.api.env", 10],
      ["API_TOKEN", "job.shop.group.web.task.api.env", 19],
    ],
    way: null,
  },
  {
    platform: "github-actions",
    file: ".github/workflows/test.yml",
    text: `on: push
env:
  NPM_TOKEN: \${{ secrets.NPM_TOKEN }}
  SIGNING_SECRET: SECRET_1
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      db:
        image: postgres
        env: {POSTGRES_PASSWORD: 'SECRET_2', POSTGRES_DB: app}
    steps:
      - uses: actions/checkout@v4
      - name: Test
        run: npm test
        env:
          DB_PASSWORD: "SECRET_3"
`,
    at: [
      ["SIGNING_SECRET", "env", 4],
      ["POSTGRES_PASSWORD", "jobs.test.services.db.env", 11],
      ["DB_PASSWORD", "jobs.test.steps[Test].env", 17],
    ],
    way: null,
  },
  {
    platform: "gitlab-ci",
    file: ".gitlab-ci.yml",
    text: `variables:
  DEPLOY_TOKEN:
    value: SECRET_1
    description: of the registry
  IMAGE: $CI_REGISTRY_IMAGE
test:
  services:
    - name: postgres
      variables:
        POSTGRES_PASSWORD: SECRET_2
  variables: {API_TOKEN: SECRET_3}
  script: [make]
`,
    at: [
      ["DEPLOY_TOKEN", "variables", 3],
      ["POSTGRES_PASSWORD", "test.services[postgres].variables", 10],
      ["API_TOKEN", "test.variables", 11],
    ],
    way: /glab variable set \w+ --masked/,
  },
  {
    platform: "devcontainer",
    file: ".devcontainer/devcontainer.json",
    text: `{
  // for everyone
  "image": "mcr.microsoft.com/devcontainers/base",
  "containerEnv": { "DB_PASSWORD": "SECRET_1", "A": "\${localEnv:A}" },
  "remoteEnv": {
    "API_TOKEN": "SECRET_2", /* rotate */
  },
}
`,
    at: [
      ["DB_PASSWORD", "containerEnv", 4],
      ["API_TOKEN", "remoteEnv", 6],
    ],
    way: /localEnv:/,
  },
  {
    platform: "portainer",
    file: "portainer/templates.json",
    text: `{
  "version": "2",
  "templates": [
    {
      "type": 1,
      "title": "Postgres",
      "image": "postgres",
      "env": [
        { "name": "POSTGRES_USER", "label": "User" },
        { "name": "POSTGRES_PASSWORD", "label": "Password", "default": "SECRET_1" }
      ]
    }
  ]
}
`,
    at: [["POSTGRES_PASSWORD", "templates[0].env", 10]],
    way: /Portainer then asks/,
  },
  {
    platform: "caprover",
    file: "caprover/db.yml",
    text: `captainVersion: 4
services:
  $$cap_appname:
    image: postgres:$$cap_version
    environment:
      POSTGRES_USER: $$cap_user
      POSTGRES_PASSWORD: SECRET_1
caproverOneClickApp:
  variables:
    - id: $$cap_version
      defaultValue: '16'
    - id: $$cap_admin_password
      label: Password
      defaultValue: SECRET_2
`,
    at: [
      ["POSTGRES_PASSWORD", "services.$$cap_appname.environment", 7],
      ["$$cap_admin_password", "caproverOneClickApp.variables", 14],
    ],
    way: /cap_gen_random_hex/,
  },
  {
    platform: "casaos",
    file: "casaos/app.yml",
    text: `name: shop
services:
  db:
    image: postgres
    environment:
      - POSTGRES_PASSWORD=SECRET_1
      - TZ=$TZ
x-casaos:
  main: db
`,
    at: [["POSTGRES_PASSWORD", "services.db.environment", 6]],
    way: /unsprawl plan compose:/,
  },
  {
    platform: "dokploy",
    file: "dokploy/template.toml",
    text: `[variables]
main_domain = "\${domain}"
db_password = "SECRET_1"

[config]
env = [
  "POSTGRES_PASSWORD=SECRET_2",
  "JWT_SECRET=\${password:32}",
]

[[config.mounts]]
filePath = "/app.conf"
content = """
[database]
host = "db"
"""
`,
    at: [
      ["db_password", "variables", 3],
      ["POSTGRES_PASSWORD", "config.env", 7],
    ],
    way: /\$\{password:32\}/,
  },
  {
    platform: "ansible",
    file: "site.yml",
    text: `- hosts: db
  tasks:
    - block:
        - name: run the database
          community.docker.docker_container:
            name: db
            image: postgres
            env:
              POSTGRES_PASSWORD: "SECRET_1"
              POSTGRES_USER: "{{ db_user }}"
`,
    at: [["POSTGRES_PASSWORD", "[0].tasks[0].block[run the database].community.docker.docker_container.env", 9]],
    way: /ansible-vault encrypt_string/,
  },
  {
    platform: "ansible-vars",
    file: "group_vars/db.yml",
    text: `db_user: app
db_password: SECRET_1
smtp_password: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  6238653536303939
`,
    at: [["db_password", "", 2]],
    way: /ansible-vault encrypt_string --stdin-name db_password/,
  },
  {
    platform: "kustomize",
    file: "overlays/kustomization.yaml",
    text: `resources: [../base]
secretGenerator:
  - name: db
    literals:
      - POSTGRES_USER=app
      - POSTGRES_PASSWORD=SECRET_1
`,
    at: [["POSTGRES_PASSWORD", "secretGenerator[db].literals", 6]],
    way: /unsprawl plan kubernetes:/,
  },
  {
    platform: "helm",
    file: "chart/templates/deployment.yaml",
    text: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  template:
    spec:
      containers:
        - name: api
          env:
            {{- if .Values.smtp }}
            - {name: SMTP_PASSWORD, value: "SECRET_1"}
            {{- end }}
            - name: API_TOKEN
              value: {{ .Values.token | quote }}
`,
    at: [["SMTP_PASSWORD", "spec.template.spec.containers[api].env", 14]],
    way: /secretKeyRef/,
  },
  {
    platform: "template",
    file: "templates/compose.yml.j2",
    text: `services:
  db:
    image: "postgres:{{ version }}"
    environment:
      POSTGRES_PASSWORD: SECRET_1
{% if tls %}
      PGSSL: "{{ tls }}"
{% endif %}
      POSTGRES_USER: {{ user }}
`,
    at: [["POSTGRES_PASSWORD", "services.db.environment", 5]],
    way: /\{\{ postgres_password \}\}/,
  },
];

/** A file with secrets in their places, by their number. */
export function filled(text: string, secrets: readonly string[]): string {
  return text.replace(/SECRET_(\d)/g, (_, number: string) => secrets[Number(number) - 1] ?? "");
}
