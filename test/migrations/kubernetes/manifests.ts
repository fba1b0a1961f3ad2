/**
 * Manifests as people write them: the Kubernetes documentation's examples, charts rendered by Helm, kustomize bases,
 * operators' kinds. `@NAME>SECRET@` is a value that moves to that Secret's key NAME (`/KEY` for another key); `@NAME!@` one
 * that stays. The values are made for each run.
 */
export const MANIFESTS: { readonly [file: string]: string } = {
  "wordpress.yaml": `apiVersion: v1
kind: Service
metadata:
  name: wordpress
  labels:
    app: wordpress
spec:
  ports:
    - port: 80
  selector:
    app: wordpress
    tier: frontend
  type: LoadBalancer
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: wp-pv-claim
spec:
  accessModes:
    - ReadWriteOnce
  resources:
    requests:
      storage: 20Gi
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: wordpress
  labels:
    app: wordpress
spec:
  selector:
    matchLabels:
      app: wordpress
      tier: frontend
  strategy:
    type: Recreate
  template:
    metadata:
      labels:
        app: wordpress
        tier: frontend
    spec:
      containers:
      - image: wordpress:6.2.1-apache
        name: wordpress
        env:
        - name: WORDPRESS_DB_HOST
          value: wordpress-mysql
        - name: WORDPRESS_DB_PASSWORD
          value: @WORDPRESS_DB_PASSWORD>wordpress-secrets@
        - name: WORDPRESS_DB_USER
          value: wordpress
        ports:
        - containerPort: 80
          name: wordpress
        volumeMounts:
        - name: wordpress-persistent-storage
          mountPath: /var/www/html
      volumes:
      - name: wordpress-persistent-storage
        persistentVolumeClaim:
          claimName: wp-pv-claim
`,
  "mysql.yaml": `apiVersion: v1
kind: Service
metadata:
  name: mysql
spec:
  ports:
  - port: 3306
  selector:
    app: mysql
  clusterIP: None
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: mysql
spec:
  selector:
    matchLabels:
      app: mysql
  strategy:
    type: Recreate
  template:
    metadata:
      labels:
        app: mysql
    spec:
      containers:
      - image: mysql:9
        name: mysql
        env:
          # Use secret in real usage
        - name: MYSQL_ROOT_PASSWORD
          value: @MYSQL_ROOT_PASSWORD>mysql-secrets@
        ports:
        - containerPort: 3306
          name: mysql
`,
  "bitnami-postgresql.yaml": `---
# Source: postgresql/templates/primary/statefulset.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: my-release-postgresql
  namespace: "data"
  labels:
    app.kubernetes.io/instance: my-release
    helm.sh/chart: postgresql-15.5.38
spec:
  replicas: 1
  serviceName: my-release-postgresql-hl
  selector:
    matchLabels:
      app.kubernetes.io/instance: my-release
  template:
    metadata:
      name: my-release-postgresql
      labels:
        app.kubernetes.io/instance: my-release
    spec:
      containers:
        - name: postgresql
          image: docker.io/bitnami/postgresql:16.4.0-debian-12-r14
          env:
            - name: BITNAMI_DEBUG
              value: "false"
            - name: POSTGRESQL_PORT_NUMBER
              value: "5432"
            # Authentication
            - name: POSTGRES_PASSWORD
              value: "@POSTGRES_PASSWORD>my-release-postgresql-secrets@"
            - name: POSTGRESQL_ENABLE_LDAP
              value: "no"
            - name: "REPMGR_PASSWORD"
              value: '@REPMGR_PASSWORD>my-release-postgresql-secrets@' # replication
`,
  "backup-cronjob.yaml": `apiVersion: batch/v1
kind: CronJob
metadata:
  name: backup
  namespace: ops
spec:
  schedule: "0 3 * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
            - name: restic
              image: restic/restic:0.17.3
              args: [backup, /data]
              env:
                - name: RESTIC_REPOSITORY
                  value: s3:s3.amazonaws.com/backups
                - name: RESTIC_PASSWORD
                  value: @RESTIC_PASSWORD>backup-secrets@
                - name: AWS_SECRET_ACCESS_KEY
                  value: @AWS_SECRET_ACCESS_KEY>backup-secrets@
`,
  "migrate-job.yml": `apiVersion: batch/v1
kind: Job
metadata:
  generateName: migrate-
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: migrate
        image: example/api:1.4.2
        command: ["./manage.py", "migrate"]
        env:
        - name: DJANGO_SECRET_KEY
          value: "@DJANGO_SECRET_KEY>migrate-secrets@"
`,
  "fluentd.yaml": `apiVersion: apps/v1
kind: DaemonSet
metadata:
    name: fluentd
    namespace: kube-system
spec:
    selector:
        matchLabels: {name: fluentd}
    template:
        metadata:
            labels: {name: fluentd}
        spec:
            tolerations:
                -   key: node-role.kubernetes.io/control-plane
                    effect: NoSchedule
            containers:
                -   name: fluentd
                    image: fluent/fluentd-kubernetes-daemonset:v1-debian-elasticsearch
                    env:
                        -   name:  FLUENT_ELASTICSEARCH_HOST
                            value: "elasticsearch-logging"
                        -   name:  FLUENT_ELASTICSEARCH_PASSWORD
                            value: "@FLUENT_ELASTICSEARCH_PASSWORD>fluentd-secrets@"
`,
  "guestbook.yaml": `apiVersion: v1
kind: ReplicationController
metadata:
  name: redis-master
spec:
  replicas: 1
  template:
    metadata:
      labels: {app: redis}
    spec:
      containers:
      - name: master
        image: redis
        env:
        - value: @REDIS_PASSWORD>redis-master-secrets@
          name: REDIS_PASSWORD
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: frontend}
spec:
  selector: {matchLabels: {tier: frontend}}
  template:
    metadata: {labels: {tier: frontend}}
    spec:
      containers:
      - {name: php-redis, image: "gb-frontend:v5", env: [{name: GET_HOSTS_FROM, value: dns}, {name: SESSION_SECRET, value: "@SESSION_SECRET>frontend-secrets@"}]}
`,
  "pod.yaml": `apiVersion: v1
kind: Pod
metadata:
  name: envar-demo
  labels:
    purpose: demonstrate-envars
spec:
  containers:
  - name: envar-demo-container
    image: gcr.io/google-samples/hello-app:2.0
    env:
    - name: DEMO_GREETING
      value: "Hello from the environment"
    - name: API_TOKEN
      value: "@API_TOKEN>envar-demo-secrets@"
`,
  "list.yaml": `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata:
    name: registry
  spec:
    ports: [{port: 5000}]
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: registry
  spec:
    selector:
      matchLabels: {app: registry}
    template:
      metadata:
        labels: {app: registry}
      spec:
        containers:
        - name: registry
          image: registry:2
          env:
          - name: REGISTRY_HTTP_SECRET
            value: @REGISTRY_HTTP_SECRET>registry-secrets@
`,
  "comments.yaml": `# The API, owned by team blue.


---
# first document: nothing but this comment
---
apiVersion: apps/v1   # stable
kind: Deployment
metadata: # who
  name: api
spec:
  selector:
    matchLabels: {app: api}
  template:
    metadata:
      labels: {app: api}

    spec:
      containers:
        # the application

        - name: api       # its name
          image: example/api:1.4.2
          env:
            # do not touch

            - name: LOG_LEVEL
              value: info
            - name: JWT_SECRET  # signs sessions
              value: @JWT_SECRET>api-secrets@  # rotated in March
              # behind it

            - name: PORT
              value: "8080"
...
---
# The end.
`,
  "crlf.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: legacy
spec:
  selector:
    matchLabels: {app: legacy}
  template:
    metadata:
      labels: {app: legacy}
    spec:
      containers:
      - name: legacy
        image: example/legacy:7
        env:
        - name: ADMIN_PASSWORD
          value: "@ADMIN_PASSWORD>legacy-secrets@"
        - name: TZ
          value: Europe/Berlin
`.replaceAll("\n", "\r\n"),
  "flow.yaml": `{apiVersion: apps/v1, kind: Deployment, metadata: {name: flow}, spec: {selector: {matchLabels: {app: flow}}, template: {metadata: {labels: {app: flow}}, spec: {containers: [
  {name: flow, image: "example/flow:1", env: [
    {name: SMTP_PASSWORD, value: "@SMTP_PASSWORD>flow-secrets@"},   # mail
    { value: '@IMAP_PASSWORD>flow-secrets@', name: IMAP_PASSWORD },
    {name: MODE, value: fast}]}]}}}}
`,
  "deployment.json": `{
  "apiVersion": "apps/v1",
  "kind": "Deployment",
  "metadata": { "name": "json-app" },
  "spec": {
    "selector": { "matchLabels": { "app": "json-app" } },
    "template": {
      "metadata": { "labels": { "app": "json-app" } },
      "spec": {
        "containers": [
          {
            "name": "app",
            "image": "example/json:1",
            "env": [
              { "name": "MODE", "value": "fast" },
              {
                "name": "CLIENT_SECRET",
                "value": "@CLIENT_SECRET>json-app-secrets@"
              }
            ]
          }
        ]
      }
    }
  }
}
`,
  "anchors.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shared
spec:
  selector:
    matchLabels: &labels
      app: shared
  template:
    metadata:
      labels: *labels
    spec:
      initContainers:
        - name: migrate
          image: example/shared:1
          env: &env
            - name: DB_HOST
              value: db
            - name: DB_PASSWORD
              value: @DB_PASSWORD>shared-secrets@
      containers:
        - name: app
          image: example/shared:1
          env: *env
`,
  "alias-value.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: copies
spec:
  selector:
    matchLabels: {app: copies}
  template:
    metadata:
      labels: {app: copies}
    spec:
      containers:
        - name: app
          image: example/copies:1
          env:
            - name: DB_PASSWORD
              value: @DB_PASSWORD>copies-secrets@
        - name: sidecar
          image: example/sidecar:1
          env:
            - {name: DB_PASSWORD, value: "@DB_PASSWORD>copies-secrets@"}
`,
  "same-names.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
spec:
  selector:
    matchLabels: {app: worker}
  template:
    metadata:
      labels: {app: worker}
    spec:
      containers:
        - name: worker
          image: example/worker:1
          env:
            - name: QUEUE_PASSWORD
              value: @QUEUE_PASSWORD>worker-secrets@
        - name: metrics
          image: example/metrics:1
          env:
            - name: QUEUE_PASSWORD
              value: @OTHER_PASSWORD>worker-secrets/metrics.QUEUE_PASSWORD@
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: worker
spec:
  schedule: "@daily"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: worker
              image: example/worker:1
              env:
                - name: QUEUE_PASSWORD
                  value: @THIRD_PASSWORD>worker.cronjob-secrets/QUEUE_PASSWORD@
`,
  "rollout.yaml": `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: canary
spec:
  replicas: 5
  strategy:
    canary:
      steps:
      - setWeight: 20
      - pause: {}
  selector:
    matchLabels:
      app: canary
  template:
    metadata:
      labels:
        app: canary
    spec:
      containers:
      - name: canary
        image: argoproj/rollouts-demo:blue
        env:
        - name: WEBHOOK_SECRET
          value: @WEBHOOK_SECRET>canary-secrets@
`,
  "knative.yaml": `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: hello
  namespace: default
spec:
  template:
    spec:
      containers:
        - image: ghcr.io/knative/helloworld-go:latest
          ports:
            - containerPort: 8080
          env:
            - name: TARGET
              value: "World"
            - name: ACCESS_TOKEN
              value: "@ACCESS_TOKEN>hello-secrets@"
`,
  "base/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: the-deployment
spec:
  replicas: 3
  selector:
    matchLabels:
      deployment: hello
  template:
    metadata:
      labels:
        deployment: hello
    spec:
      containers:
      - name: the-container
        image: monopole/hello:1
        command: ["/hello", "--port=8080", "--date=$(THE_DATE)", "--enableRiskyFeature=$(ENABLE_RISKY)"]
        env:
        - name: ALT_GREETING
          valueFrom:
            configMapKeyRef:
              name: the-map
              key: altGreeting
        - name: ENCRYPTION_KEY
          value: @ENCRYPTION_KEY>the-deployment-secrets@
`,
  "base/kustomization.yaml": `resources:
- deployment.yaml
commonLabels:
  app: hello
`,
  "no-newline.yaml": `apiVersion: v1
kind: Pod
metadata:
  name: short
spec:
  containers:
  - name: c
    image: busybox
    env:
    - name: PRIVATE_TOKEN
      value: @PRIVATE_TOKEN>short-secrets@`,
  "grafana.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app: grafana
  name: grafana
  namespace: monitoring
spec:
  selector:
    matchLabels:
      app: grafana
  template:
    metadata:
      labels:
        app: grafana
    spec:
      securityContext:
        fsGroup: 472
      containers:
        - name: grafana
          image: grafana/grafana:latest
          imagePullPolicy: IfNotPresent
          env:
          - {name: GF_SECURITY_ADMIN_USER, value: admin}
          - {name: GF_SECURITY_ADMIN_PASSWORD, value: "@GF_SECURITY_ADMIN_PASSWORD>grafana-secrets@"}
          - name: GF_DATABASE_URL
            value: "postgres://grafana:@GF_DATABASE_URL!@x$(SUFFIX)@db:5432/grafana"
          readinessProbe:
            httpGet: {path: /robots.txt, port: 3000, scheme: HTTP}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: grafana
  namespace: monitoring
data:
  OAUTH_CLIENT_SECRET: @OAUTH_CLIENT_SECRET!@
  grafana.ini: |
    [smtp]
    enabled = true
    password = @INI_PASSWORD!@
`,
  "openshift.yaml": `apiVersion: apps.openshift.io/v1
kind: DeploymentConfig
metadata:
  name: frontend
spec:
  replicas: 2
  selector:
    name: frontend
  template:
    metadata:
      labels:
        name: frontend
    spec:
      containers:
        - name: helloworld
          image: helloworld:latest
          env:
            - name: "KEYCLOAK_CLIENT_SECRET"
              value: "@KEYCLOAK_CLIENT_SECRET>frontend-secrets@"
`,
};
