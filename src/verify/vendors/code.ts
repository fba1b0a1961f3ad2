import type { Vendor } from "../vendor.ts";
import {
  all,
  at,
  bearer,
  byStatus,
  either,
  get,
  inside,
  is,
  json,
  limited,
  list,
  live,
  object,
  post,
  text,
} from "./make.ts";

/** Source hosting, packages, builds, infrastructure as code. */
export const CODE: readonly Vendor[] = [
  {
    // https://docs.github.com/rest/users/users#get-the-authenticated-user; an app's installation token has no user.
    id: "github",
    name: "GitHub",
    rules: ["github-token", "github-app-token", "github-fine-grained-token"],
    fits: ({ part }) => !part.startsWith("ghr_"),
    bases: at("https://api.github.com"),
    ask: ({ part }) =>
      get(part.startsWith("ghs_") ? "/rate_limit" : "/user", {
        ...bearer(part),
        accept: "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
      }),
    read: byStatus({ 200: live(either(text("login"), object("resources"))), 401: "dead" }),
    own: {
      names: /^(?:GITHUB|GH)_(?:ENTERPRISE_)?(?:API_URL|SERVER_URL|SERVER|BASE_URL|URL|HOST|HOSTNAME)$/i,
      home: "github.com",
      often: false,
    },
  },
  {
    // https://docs.gitlab.com/api/personal_access_tokens/: personal, project and group access tokens alike.
    id: "gitlab",
    name: "GitLab",
    rules: ["gitlab-token", "gitlab-routable-token"],
    fits: ({ part }) => part.startsWith("glpat-"),
    bases: at("https://gitlab.com"),
    ask: ({ part }) => get("/api/v4/personal_access_tokens/self", { "private-token": part }),
    read: (answer) =>
      answer.status === 200 && inside(answer, "active") === false
        ? "dead"
        : byStatus({
            200: live(is(true, "active")),
            401: "dead",
            403: limited(either(is("insufficient_scope", "error"), text("message"))),
          })(answer),
    own: {
      names: /^(?:GITLAB|GL|CI_SERVER|CI_API_V4|CI)_(?:API_URL|SERVER_URL|BASE_URL|URL|HOST|HOSTNAME|URI)$/i,
      home: "gitlab.com",
      often: true,
    },
  },
  {
    // https://github.com/npm/registry/blob/main/docs/user/authentication.md
    id: "npm",
    name: "npm",
    rules: ["npm-token"],
    bases: at("https://registry.npmjs.org"),
    ask: ({ part }) => get("/-/whoami", bearer(part)),
    read: byStatus({ 200: live(text("username")), 401: "dead" }),
  },
  {
    // https://docs.docker.com/reference/api/hub/latest/#tag/authentication-api: gives a token of some minutes, unused here.
    id: "docker-hub",
    name: "Docker Hub",
    rules: ["docker-hub-token"],
    bases: at("https://hub.docker.com"),
    ask: ({ part, beside }) => {
      const user = beside(/^DOCKER_?(?:HUB)?_(?:USER|USERNAME|USER_NAME|LOGIN|ORG|ORGANIZATION)$/i)?.trim() ?? "";
      // `DOCKER_USER=1000` is somebody else.
      if (!/^(?=.*[a-z])[a-z0-9]{2,40}$/.test(user))
        return "needs the Docker Hub user name beside it (DOCKERHUB_USERNAME)";
      const path = "/v2/auth/token";
      return {
        ...post(path, json, JSON.stringify({ identifier: user, secret: part })),
        label: `${path}, as the user beside it`,
      };
    },
    read: byStatus({ 200: live(text("access_token")), 401: "dead" }),
  },
  {
    // https://circleci.com/docs/api/v2/#operation/getCurrentUser: of personal tokens alone.
    id: "circleci",
    name: "CircleCI",
    rules: ["circleci-token"],
    fits: ({ part }) => part.startsWith("CCIPAT_"),
    bases: at("https://circleci.com"),
    ask: ({ part }) => get("/api/v2/me", { "circle-token": part }),
    read: byStatus({ 200: live(all(text("id"), text("login"))), 401: "dead" }),
    own: { names: /^CIRCLECI?_(?:CLI_)?(?:HOST|URL|SERVER)$/i, home: "circleci.com", often: false },
  },
  {
    // https://buildkite.com/docs/apis/rest-api/access-token
    id: "buildkite",
    name: "Buildkite",
    rules: ["buildkite-token"],
    fits: ({ part }) => part.startsWith("bkua_"),
    bases: at("https://api.buildkite.com"),
    ask: ({ part }) => get("/v2/access-token", bearer(part)),
    read: byStatus({ 200: live(all(text("uuid"), list("scopes"))), 401: "dead" }),
  },
  {
    // https://www.pulumi.com/docs/reference/cloud-rest-api/: 401 when the token is missing or invalid.
    id: "pulumi",
    name: "Pulumi Cloud",
    rules: ["pulumi-token"],
    bases: at("https://api.pulumi.com"),
    ask: ({ part }) =>
      get("/api/user", { authorization: `token ${part}`, accept: "application/vnd.pulumi+8", ...json }),
    read: byStatus({ 200: live(text("githubLogin")), 401: "dead" }),
    own: { names: /^PULUMI_(?:BACKEND_URL|API|API_URL)$/i, home: "pulumi.com", often: false },
  },
  {
    // https://developer.hashicorp.com/terraform/cloud-docs/api-docs/account: team and organization tokens have a user too.
    id: "terraform",
    name: "HCP Terraform",
    rules: ["terraform-cloud-token"],
    bases: at("https://app.terraform.io"),
    ask: ({ part }) => get("/api/v2/account/details", { ...bearer(part), "content-type": "application/vnd.api+json" }),
    read: byStatus({ 200: live(all(is("users", "data", "type"), text("data", "id"))), 401: "dead" }),
    own: { names: /^(?:TFE?_(?:CLOUD_)?(?:ADDRESS|HOSTNAME|HOST|URL))$/i, home: "terraform.io", often: true },
  },
  {
    // https://docs.snyk.io/snyk-api/rest-api/about-the-rest-api#api-urls
    id: "snyk",
    name: "Snyk",
    rules: ["snyk-token", "snyk-key"],
    bases: () => ["https://api.snyk.io", "https://api.us.snyk.io", "https://api.eu.snyk.io", "https://api.au.snyk.io"],
    ask: ({ part }) => get("/rest/self?version=2024-06-10", { authorization: `token ${part}` }),
    read: byStatus({ 200: live(all(text("data", "type"), text("data", "id"))), 401: "dead" }),
    own: { names: /^SNYK_(?:API|API_URL|ENDPOINT|URL)$/i, home: "snyk.io", often: false },
  },
];
