import { unknown, type Liveness, type VerifyRequest, type VerifyOptions } from "./types.ts";

/** A vendor that is asked much at once answers with 429. */
const AT_ONE_HOST = 2;

type VerifyJob = { readonly question: VerifyRequest; readonly places: number[] };

/** Asks every distinct question once; answers in the order of what was given. Never rejects. */
export async function runAll(
  given: readonly (VerifyRequest | Liveness)[],
  options: VerifyOptions,
  signal: AbortSignal,
  told: (done: number, total: number) => void,
): Promise<readonly Liveness[]> {
  const answers: Liveness[] = given.map((one) => ("ask" in one ? unknown("interrupted before it was checked") : one));
  const waiting = jobsOf(given);
  const busy = new Map<string, number>();
  let done = answers.length - waiting.reduce((sum, { places }) => sum + places.length, 0);
  if (given.length > 0) told(done, given.length);

  const work = async (job: VerifyJob): Promise<void> => {
    const { host } = job.question;
    busy.set(host, (busy.get(host) ?? 0) + 1);
    const answer = await askSafely(job.question, options, signal);
    busy.set(host, (busy.get(host) ?? 1) - 1);
    for (const place of job.places) answers[place] = answer;
    done += job.places.length;
    told(done, given.length);
  };
  const running = new Set<Promise<void>>();
  while (!signal.aborted && (waiting.length > 0 || running.size > 0)) {
    const next = waiting.findIndex(({ question }) => (busy.get(question.host) ?? 0) < AT_ONE_HOST);
    if (next >= 0 && running.size < Math.max(1, options.concurrency)) {
      const [job] = waiting.splice(next, 1);
      if (job === undefined) break;
      const working = work(job).finally(() => running.delete(working));
      running.add(working);
    } else {
      await Promise.race(running);
    }
  }
  // What is under way hears the same signal, and ends at once.
  await Promise.all(running);
  return answers;
}

/** What went wrong in here is not repeated: errors of drivers hold what they were given. */
export function askSafely(question: VerifyRequest, options: VerifyOptions, signal: AbortSignal): Promise<Liveness> {
  return question.ask(options, signal).catch(() => unknown("the check itself failed"));
}

function jobsOf(given: readonly (VerifyRequest | Liveness)[]): VerifyJob[] {
  const jobs = new Map<string, VerifyJob>();
  for (const [place, question] of given.entries()) {
    if (!("ask" in question)) continue;
    const job = jobs.get(question.key) ?? { question, places: [] };
    job.places.push(place);
    jobs.set(question.key, job);
  }
  return [...jobs.values()];
}
