/**
 * What is found in manifests and stays where it is, by file; marked as in `manifests.ts`. `why` is for the finding of the
 * name: what the plan says of it.
 */
export type Refused = {
  readonly text: string;
  readonly why: { readonly [name: string]: readonly [reason: RegExp, hint: RegExp] };
};

const pod = (name: string, container: string, more = ""): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
${more}spec:
  containers:
    - name: app
      image: example/${name}:1
${container}`;

export const REFUSED: { readonly [file: string]: Refused } = {
  "configmap.yaml": {
    text: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  DB_PASSWORD: @DB_PASSWORD!@
  application.properties: |
    spring.datasource.username=app
    spring.datasource.password=@SPRING!@
---
${pod("reads-it", "      envFrom:\n        - configMapRef: {name: settings}\n")}`,
    why: {
      DB_PASSWORD: [/is in a ConfigMap, which Pod\/reads-it reads/, /as a variable of the container/],
      "spring.datasource.password": [/is in a ConfigMap, which/, /take it out of the ConfigMap/],
    },
  },
  "configmap-key.yaml": {
    text: `apiVersion: v1
kind: ConfigMap
metadata: {name: keyed}
data: {api-token: "@API_TOKEN!@"}
---
${pod(
  "keyed",
  "      env:\n        - name: T\n          valueFrom:\n            configMapKeyRef: {name: keyed, key: api-token}\n",
)}`,
    why: { "api-token": [/is in a ConfigMap, which Pod\/keyed reads/, /take it out/] },
  },
  "args.yaml": {
    text: pod("args", `      args: ["serve", "--api-token=@API_TOKEN!@"]\n`),
    why: { Cmd: [/is in Pod\/args containers\[app\]\.args, not in a variable/, /\$\(NAME\)/] },
  },
  "command.yaml": {
    text: pod("command", `      command: ["/app", "--password", "@PASSWORD!@"]\n`),
    why: { Entrypoint: [/containers\[app\]\.command, not in a variable/, /\$\(NAME\)/] },
  },
  "annotation.yaml": {
    text: pod("annotated", "", `  annotations:\n    example.com/api-token: "@API_TOKEN!@"\n`),
    why: { "example.com/api-token": [/annotations\[example\.com\/api-token\]/, /a variable or a file/] },
  },
  "last-applied.yaml": {
    text: pod(
      "applied",
      "",
      `  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"applied"},"spec":{"containers":[{"name":"app","env":[{"name":"OLD_PASSWORD","value":"@OLD_PASSWORD!@"}]}]}}\n`,
    ),
    why: { OLD_PASSWORD: [/kubectl's copy/, /remove kubectl\.kubernetes\.io\/last-applied-configuration/] },
  },
  "template.yaml": {
    text: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: templated
spec:
  selector: {matchLabels: {app: templated}}
  template:
    metadata:
      labels: {app: templated}
      annotations:
        example.com/webhook-token: "@WEBHOOK!@"
    spec:
      containers:
        - name: app
          image: example/templated:1
          livenessProbe:
            httpGet:
              port: 80
              httpHeaders:
                - {name: X-Api-Token, value: "@PROBE!@"}
          readinessProbe:
            exec: {command: [redis-cli, -a, "@EXEC!@", ping]}
`,
    why: {
      "example.com/webhook-token": [
        /spec\.template\.annotations\[example\.com\/webhook-token\]/,
        /a variable or a file/,
      ],
      "X-Api-Token": [/is a header in .*livenessProbe\.httpGet\.X-Api-Token/, /\$\(NAME\)/],
      Healthcheck: [/readinessProbe\.exec\.command, not in a variable/, /\$\(NAME\)/],
    },
  },
  "secret.yaml": {
    text: `apiVersion: v1
kind: Secret
metadata:
  name: plain
stringData:
  admin-password: "@ADMIN!@"
`,
    why: { "admin-password": [/is in a Secret's manifest/, /an ExternalSecret named plain/] },
  },
  "filled-in.yaml": {
    text: pod(
      "filled-in",
      `      env:\n        - name: DATABASE_URL\n          value: postgres://app:@DATABASE_URL!@@db-$(STAGE):5432/app\n`,
    ),
    why: { DATABASE_URL: [/holds \$\(STAGE\), which Kubernetes fills in only/, /separate variables/] },
  },
  "twice.yaml": {
    text: pod(
      "twice",
      `      env:\n        - {name: DB_PASSWORD, value: "@ONE!@"}\n        - {name: DB_PASSWORD, value: "@TWO!@"}\n`,
    ),
    why: { DB_PASSWORD: [/is set twice in containers\[app\]/, /remove the other one/] },
  },
  "anchored-value.yaml": {
    text: pod(
      "anchored-value",
      `      args: ["--token", *token]\n      env:\n        - name: API_TOKEN\n          value: &token "@API_TOKEN!@"\n`,
    ).replace(/( {6}args.*\n)([^]*)$/, "$2$1"),
    why: { API_TOKEN: [/line \d+: API_TOKEN cannot change alone/, /write the entry out/] },
  },
  "anchored-entry.yaml": {
    text: pod(
      "anchored-entry",
      `      env:\n        - &db {name: DB_PASSWORD, value: "@DB_PASSWORD!@"}\n`,
      "x-env: [*db]\n",
    )
      .replace("x-env: [*db]\n", "")
      .concat("x-env: [*db]\n"),
    why: { DB_PASSWORD: [/an anchor or a merge key shares its entry/, /write the entry out/] },
  },
  "application.yaml": {
    text: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: guestbook
spec:
  source:
    plugin:
      env:
        - name: VAULT_TOKEN
          value: "@VAULT_TOKEN!@"
`,
    why: { VAULT_TOKEN: [/whether a Application takes a Secret's key there is not known/, /name a Secret/] },
  },
  "generated/kustomization.yaml": {
    text: `configMapGenerator:
  - name: app
    literals:
      - db-password=@DB_PASSWORD!@
`,
    why: { "db-password": [/is a literal in Kustomization\/\S+ configMapGenerator/, /into a secretGenerator/] },
  },
  "chart/values.yaml": {
    text: `image: {repository: example/api, tag: 1.4.2}
auth:
  existingSecret: ""
  rootPassword: "@ROOT!@"
smtp:
  password: "@SMTP!@"
env:
  - name: API_TOKEN
    value: "@API_TOKEN!@"
`,
    why: {
      rootPassword: [/the chart accepts an existing Secret instead: auth\.existingSecret/, /set auth\.existingSecret/],
      password: [/is a Helm value: how the chart's templates use it is not known/, /secretKeyRef/],
      API_TOKEN: [/is a Helm value/, /secretKeyRef/],
    },
  },
};

/** Says nothing: references, ciphertext, what is not Kubernetes' at all, and templates that only Helm can read. */
export const QUIET: { readonly [file: string]: string } = {
  "made-secrets.yaml": `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: api-secrets}
spec:
  secretStoreRef: {kind: SecretStore, name: vault}
  target: {name: api-secrets}
  data:
    - secretKey: DB_PASSWORD
      remoteRef: {key: apps/api, property: DB_PASSWORD}
`,
  "references.yaml": pod(
    "references",
    `      env:\n        - name: DB_PASSWORD\n          valueFrom:\n            secretKeyRef: {name: api-secrets, key: DB_PASSWORD}\n      envFrom:\n        - secretRef: {name: api-secrets}\n`,
  ),
  "ci.yml": "on: push\njobs:\n  test: {runs-on: ubuntu-latest}\n",
  "chart/Chart.yaml": "apiVersion: v2\nname: api\nversion: 0.1.0\n",
  "chart/templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "api.fullname" . }}
  {{- with .Values.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
`,
};
