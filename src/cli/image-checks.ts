import type { Assembly } from "../assembly/index.ts";
import type { DoctorCheck } from "../core/doctor.ts";
import { repeatedWords } from "../core/repeated.ts";
import { withOtherImage } from "../engine/repeated.ts";
import { cmd } from "../kit/shell.ts";

/** Services that start as their image did at the migration, though the image has changed; none where all is well. */
export async function imageChecks(assembly: Assembly): Promise<readonly DoctorCheck[]> {
  const { key, ...rest } = assembly.installation();
  const all = repeatedWords({ key, ...rest });
  if (all.length === 0) return [];
  const changed = await withOtherImage(await assembly.engine(), all, key);
  return changed.map(({ project, service, image, file, run }) => ({
    name: "images",
    state: "warn",
    text: `${project}/${service}: ${file} repeats the ENTRYPOINT, CMD or HEALTHCHECK that ${image} had at run ${run}, and the image has another one now`,
    hint: cmd`docker image inspect ${image}; copy its words after -- in ${file}, then: docker compose up -d ${service}`,
  }));
}
