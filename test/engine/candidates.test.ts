import { describe, expect, test } from "vitest";
import { containerCandidates, containerFacts, imageCandidates } from "../../src/engine/candidates.ts";
import type { ContainerDoc, HistoryLine, ImageDoc } from "../../src/engine/types.ts";
import type { Candidate } from "../../src/model/candidate.ts";

/** Which value is where: every one is different, so that a missed or a mixed-up place shows. */
const IMAGE: ImageDoc = {
  Id: "sha256:1111",
  RepoTags: ["app:1"],
  Config: {
    Env: ["PATH=/bin", "FROM_IMAGE=v-image-env", "CHANGED=v-image-changed", "EMPTY="],
    Cmd: ["serve", "--key", "v-image-cmd"],
    Entrypoint: ["/entry", "v-image-entry"],
    Labels: { team: "v-image-label", both: "v-image-both" },
    Healthcheck: { Test: ["CMD-SHELL", "probe v-image-health"] },
    OnBuild: ["ENV A=v-onbuild-0", "RUN x v-onbuild-1"],
  },
};

const CONTAINER = {
  Id: "c".repeat(64),
  Name: "/web",
  Image: "sha256:1111",
  State: { Status: "running", Running: true, Paused: false },
  Config: {
    Env: ["FROM_IMAGE=v-image-env", "CHANGED=v-changed", "OWN=v-own=with=signs", "NO_VALUE", "NOTHING="],
    Cmd: ["serve", "--key", "v-cmd"],
    Entrypoint: ["/entry", "v-entry"],
    Labels: { team: "v-image-label", both: "v-both", 'com.example/odd "key"': "v-odd-label" },
    Healthcheck: { Test: ["CMD", "probe", "v-health"] },
    OnBuild: ["RUN v-own-onbuild"],
  },
  HostConfig: {
    LogConfig: { Type: "splunk", Config: { "splunk-token": "v-log" } },
    Annotations: { "io.example/note": "v-annotation" },
    Mounts: [
      { Type: "bind", Source: "/a", Target: "/b" },
      {
        Type: "volume",
        Target: "/share",
        VolumeOptions: { DriverConfig: { Name: "local", Options: { o: "password=v-mount" } } },
      },
    ],
  },
  Mounts: [
    { Type: "bind", Source: "/a", Destination: "/b" },
    { Type: "volume", Name: "share", Destination: "/share" },
  ],
  NetworkSettings: {
    Networks: { front: { DriverOpts: { "com.example.key": "v-driver" } }, back: { DriverOpts: null } },
  },
} as unknown as ContainerDoc;

const VOLUMES = new Map([
  ["share", { type: "cifs", o: "username=u,password=v-volume" }],
  ["other", { o: "v-other" }],
]);

type Row = readonly [where: string, name: string, value: string, path: string, origin: string];

function rows(candidates: readonly Candidate[]): Row[] {
  return candidates.map(({ name, value, location }) => [
    location.where,
    name,
    value.expose().toString(),
    location.path,
    location.origin,
  ]);
}

describe("a container", () => {
  const found = containerCandidates("docker:web", CONTAINER, IMAGE, { volumes: VOLUMES });

  test("gives every place where a value can sit, told apart from its image's", () => {
    expect(rows(found)).toEqual([
      ["image-env", "FROM_IMAGE", "v-image-env", "Config.Env[0]", "image"],
      ["env", "CHANGED", "v-changed", "Config.Env[1]", "own"],
      ["env", "OWN", "v-own=with=signs", "Config.Env[2]", "own"],
      ["env", "NOTHING", "", "Config.Env[4]", "own"],
      ["cmd", "Cmd", '["serve","--key","v-cmd"]', "Config.Cmd", "own"],
      ["entrypoint", "Entrypoint", '["/entry","v-entry"]', "Config.Entrypoint", "own"],
      ["healthcheck", "Healthcheck", '["CMD","probe","v-health"]', "Config.Healthcheck.Test", "own"],
      ["label", "team", "v-image-label", "Config.Labels.team", "image"],
      ["label", "both", "v-both", "Config.Labels.both", "own"],
      ["label", 'com.example/odd "key"', "v-odd-label", 'Config.Labels["com.example/odd \\"key\\""]', "own"],
      ["onbuild", "OnBuild", "RUN v-own-onbuild", "Config.OnBuild[0]", "own"],
      ["log-opt", "splunk-token", "v-log", 'HostConfig.LogConfig.Config["splunk-token"]', "own"],
      ["annotation", "io.example/note", "v-annotation", 'HostConfig.Annotations["io.example/note"]', "own"],
      ["volume-opt", "o", "password=v-mount", "HostConfig.Mounts[1].VolumeOptions.DriverConfig.Options.o", "own"],
      ["volume-opt", "type", "cifs", "Mounts[1].Volume.Options.type", "own"],
      ["volume-opt", "o", "username=u,password=v-volume", "Mounts[1].Volume.Options.o", "own"],
      [
        "annotation",
        "com.example.key",
        "v-driver",
        'NetworkSettings.Networks.front.DriverOpts["com.example.key"]',
        "own",
      ],
    ]);
  });

  test("names itself without the slash, by its full id", () => {
    for (const { location } of found) {
      expect(location).toMatchObject({
        source: "docker:web",
        subject: "container",
        subjectName: "web",
        subjectId: "c".repeat(64),
      });
    }
  });

  test("whose image is gone holds everything itself", () => {
    expect(
      new Set(
        containerCandidates("docker:", CONTAINER, null, { volumes: VOLUMES }).map(({ location }) => location.origin),
      ),
    ).toEqual(new Set(["own"]));
  });

  test("with the image's own command, entrypoint and health check has them from there", () => {
    const same = { ...CONTAINER, Config: { ...CONTAINER.Config, ...IMAGE.Config, OnBuild: null } };
    for (const { location } of containerCandidates("docker:", same, IMAGE).filter(({ location }) =>
      location.path.startsWith("Config."),
    )) {
      expect(location).toMatchObject({ origin: "image" });
    }
  });

  test("without anything at all gives nothing", () => {
    const bare = {
      ...CONTAINER,
      Config: { Env: null, Cmd: null, Entrypoint: null, Labels: null, Healthcheck: null, OnBuild: null },
      HostConfig: { LogConfig: { Config: null }, Mounts: null, Annotations: null },
      Mounts: null,
      NetworkSettings: null,
    } as unknown as ContainerDoc;
    expect(containerCandidates("docker:", bare, null)).toEqual([]);
  });
});

describe("a document in another form is read as far as it goes", () => {
  const odd = (change: (doc: Mutable) => void): [rows: Row[], odd: string[]] => {
    const doc = structuredClone(CONTAINER) as unknown as Mutable;
    change(doc);
    const told = new Set<string>();
    const all = containerCandidates("docker:", doc as unknown as ContainerDoc, IMAGE, {
      volumes: VOLUMES,
      odd: (path) => told.add(path),
    });
    return [rows(all), [...told]];
  };
  type Mutable = { [key: string]: unknown; Config: { [key: string]: unknown }; HostConfig: { [key: string]: unknown } };
  const [all] = odd(() => undefined);
  const without = (path: string): Row[] => all.filter((row) => !row[3].startsWith(path));

  test.each<[what: string, change: (doc: Mutable) => void, told: string[], gone: string]>([
    ["no HostConfig", (doc) => (doc["HostConfig"] = null as never), ["HostConfig"], "HostConfig"],
    ["no Config", (doc) => (doc["Config"] = null as never), ["Config"], "Config"],
    ["a Config that is text", (doc) => (doc["Config"] = "x" as never), ["Config"], "Config"],
    ["Env as a number", ({ Config }) => (Config["Env"] = 5), ["Config.Env"], "Config.Env"],
    ["Labels as text", ({ Config }) => (Config["Labels"] = "a=b"), ["Config.Labels"], "Config.Labels"],
    ["Cmd as a number", ({ Config }) => (Config["Cmd"] = 7), ["Config.Cmd"], "Config.Cmd"],
    [
      "a health check that is a list",
      ({ Config }) => (Config["Healthcheck"] = []),
      ["Config.Healthcheck"],
      "Config.Health",
    ],
    ["no health check", ({ Config }) => (Config["Healthcheck"] = null), [], "Config.Health"],
    ["OnBuild as a number", ({ Config }) => (Config["OnBuild"] = [1]), ["Config.OnBuild"], "Config.OnBuild"],
    ["log options", ({ HostConfig }) => (HostConfig["LogConfig"] = []), ["HostConfig.LogConfig"], "HostConfig.Log"],
    ["annotations", ({ HostConfig }) => (HostConfig["Annotations"] = 1), ["HostConfig.Annotations"], "HostConfig.Anno"],
    ["host mounts", ({ HostConfig }) => (HostConfig["Mounts"] = [null, 3]), ["HostConfig.Mounts"], "HostConfig.Mounts"],
    ["mounts", (doc) => (doc["Mounts"] = [null]), ["Mounts"], "Mounts"],
    ["mounts as an object", (doc) => (doc["Mounts"] = {}), ["Mounts"], "Mounts"],
    [
      "networks",
      (doc) => (doc["NetworkSettings"] = { Networks: { b: null } }),
      ["NetworkSettings.Networks"],
      "Network",
    ],
    ["network settings", (doc) => (doc["NetworkSettings"] = 1), ["NetworkSettings"], "Network"],
  ])("%s", (_what, change, told, gone) => {
    expect(odd(change)).toEqual([without(gone), told]);
  });

  test.each<[what: string, change: (doc: Mutable) => void, told: string[], row: Row]>([
    [
      "Env as text",
      ({ Config }) => (Config["Env"] = "A=v-a"),
      ["Config.Env"],
      ["env", "A", "v-a", "Config.Env[0]", "own"],
    ],
    [
      "Env as a map",
      ({ Config }) => (Config["Env"] = { A: "v-a" }),
      ["Config.Env"],
      ["env", "A", "v-a", "Config.Env[0]", "own"],
    ],
    [
      "Env with others",
      ({ Config }) => (Config["Env"] = [1, null, "A=v-a"]),
      ["Config.Env"],
      ["env", "A", "v-a", "Config.Env[2]", "own"],
    ],
    [
      "Labels as a list",
      ({ Config }) => (Config["Labels"] = ["a=v=a"]),
      ["Config.Labels"],
      ["label", "a", "v=a", "Config.Labels.a", "own"],
    ],
    [
      "Labels with others",
      ({ Config }) => (Config["Labels"] = { a: "v-a", b: {} }),
      ["Config.Labels"],
      ["label", "a", "v-a", "Config.Labels.a", "own"],
    ],
    [
      "Cmd as text",
      ({ Config }) => (Config["Cmd"] = "run --key v-a"),
      [],
      ["cmd", "Cmd", "run --key v-a", "Config.Cmd", "own"],
    ],
    [
      "Cmd with others",
      ({ Config }) => (Config["Cmd"] = ["run", 1, "v-a"]),
      ["Config.Cmd"],
      ["cmd", "Cmd", '["run","v-a"]', "Config.Cmd", "own"],
    ],
  ])("%s is read too", (_what, change, told, row) => {
    const [read, odds] = odd(change);
    const place = row[3].replace(/\[.*|\.a$/, "");
    expect(odds).toEqual(told);
    expect(read.filter(([, , , path]) => path.startsWith(place))).toEqual([row]);
    expect(read.filter(([, , , path]) => !path.startsWith(place))).toEqual(without(place));
  });

  test("an image in another form gives its containers nothing", () => {
    for (const Config of [null, 1, { Env: {}, Labels: [], Cmd: "x", Healthcheck: 1, Entrypoint: {}, OnBuild: "" }]) {
      const image = { ...IMAGE, Config } as unknown as ImageDoc;
      const told: string[] = [];
      const found = containerCandidates("docker:", CONTAINER, image, {
        volumes: VOLUMES,
        odd: (path) => told.push(path),
      });
      expect(rows(found).map((row) => row[4])).toEqual(all.map(() => "own"));
      expect(told).toEqual([]);
      expect(containerFacts(CONTAINER, image).labels).toEqual(CONTAINER.Config.Labels);
    }
  });

  test("is refused as malformed where nobody listens", () => {
    const doc = { ...CONTAINER, Mounts: [null] } as unknown as ContainerDoc;
    expect(() => containerCandidates("docker:", doc, null)).toThrow(
      expect.objectContaining({ code: "malformed", message: expect.stringContaining("Mounts") as string }) as Error,
    );
  });
});

test("an image gives its config, every OnBuild line and its history", () => {
  const history: HistoryLine[] = [
    { CreatedBy: "RUN |1 TOKEN=v-build-arg make", Comment: "buildkit" },
    { CreatedBy: "", Comment: "v-comment" },
    { CreatedBy: "COPY . /" },
  ];
  expect(rows(imageCandidates("image:app:1", "app:1", IMAGE, history))).toEqual([
    ["image-env", "PATH", "/bin", "Config.Env[0]", "own"],
    ["image-env", "FROM_IMAGE", "v-image-env", "Config.Env[1]", "own"],
    ["image-env", "CHANGED", "v-image-changed", "Config.Env[2]", "own"],
    ["image-env", "EMPTY", "", "Config.Env[3]", "own"],
    ["cmd", "Cmd", '["serve","--key","v-image-cmd"]', "Config.Cmd", "own"],
    ["entrypoint", "Entrypoint", '["/entry","v-image-entry"]', "Config.Entrypoint", "own"],
    ["healthcheck", "Healthcheck", '["CMD-SHELL","probe v-image-health"]', "Config.Healthcheck.Test", "own"],
    ["label", "team", "v-image-label", "Config.Labels.team", "own"],
    ["label", "both", "v-image-both", "Config.Labels.both", "own"],
    ["onbuild", "OnBuild", "ENV A=v-onbuild-0", "Config.OnBuild[0]", "own"],
    ["onbuild", "OnBuild", "RUN x v-onbuild-1", "Config.OnBuild[1]", "own"],
    ["history", "history", "RUN |1 TOKEN=v-build-arg make", "History[0].CreatedBy", "own"],
    ["history", "comment", "buildkit", "History[0].Comment", "own"],
    ["history", "comment", "v-comment", "History[1].Comment", "own"],
    ["history", "history", "COPY . /", "History[2].CreatedBy", "own"],
  ]);
});
