import { UnsprawlError } from "../../model/error.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/**
 * Converts crontab's five fields (crontab(5)) to systemd's calendar (systemd.time(7)): each field is spelled out, so
 * that nothing depends on how either counts. If both days are given (neither begins with `*`), either matches: one
 * entry for each. Throws `usage` if there are not five fields.
 */
export function calendarOf(cron: string): readonly string[] {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) throw wrong(cron, "five fields: minute, hour, day, month, day of the week");
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  const minutes = listed(numbers(minute, 0, 59, [], cron), 60);
  const hours = listed(numbers(hour, 0, 23, [], cron), 24);
  const days = listed(numbers(day, 1, 31, [], cron), 31);
  const months = listed(numbers(month, 1, 12, MONTHS, cron), 12);
  // Sunday is 0 and 7.
  const week = new Set(numbers(weekday, 0, 7, DAYS, cron).map((one) => one % 7));
  const weekdays = week.size === 7 ? null : [...week].sort((a, b) => a - b).map((one) => capital(DAYS[one] ?? ""));
  const at = (which: string | null, of: string): string =>
    `${which === null ? "" : `${which} `}*-${months}-${of} ${hours}:${minutes}:00`;
  if (weekdays === null) return [at(null, days)];
  const either = !day.startsWith("*") && !weekday.startsWith("*");
  return either ? [at(weekdays.join(","), "*"), at(null, days)] : [at(weekdays.join(","), days)];
}

/** `--every 15m` as a crontab entry; null for a time that does not divide an hour or a day. */
export function cronOf(ms: number): string | null {
  const minutes = ms / 60_000;
  if (Number.isInteger(minutes) && minutes > 0 && minutes < 60 && 60 % minutes === 0) return `*/${minutes} * * * *`;
  const hours = minutes / 60;
  if (hours === 1) return "0 * * * *";
  if (Number.isInteger(hours) && hours > 0 && hours < 24 && 24 % hours === 0) return `0 */${hours} * * *`;
  return hours === 24 ? "0 0 * * *" : null;
}

function numbers(field: string, low: number, high: number, names: readonly string[], cron: string): number[] {
  const found = new Set<number>();
  const number = (text: string): number => {
    const name = names.indexOf(text.toLowerCase());
    const value = name >= 0 ? name + low : /^\d{1,2}$/.test(text) ? Number(text) : NaN;
    if (!(value >= low && value <= high)) throw wrong(cron, `${JSON.stringify(text)} is not in ${low}–${high}`);
    return value;
  };
  for (const part of field.split(",")) {
    const [range = "", step, more] = part.split("/");
    const [from = "", to, rest] = range.split("-");
    if (more !== undefined || rest !== undefined) throw wrong(cron, `${JSON.stringify(part)} is not a range`);
    const first = from === "*" ? low : number(from);
    const last = from === "*" ? high : to !== undefined ? number(to) : step !== undefined ? high : first;
    const by = step === undefined ? 1 : /^\d{1,2}$/.test(step) ? Number(step) : 0;
    if (by === 0 || last < first) throw wrong(cron, `${JSON.stringify(part)} is not a range`);
    for (let one = first; one <= last; one += by) found.add(one);
  }
  return [...found].sort((a, b) => a - b);
}

const listed = (values: readonly number[], all: number): string =>
  values.length === all ? "*" : values.map((one) => String(one).padStart(2, "0")).join(",");

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function wrong(cron: string, why: string): UnsprawlError {
  return new UnsprawlError("usage", `--cron ${JSON.stringify(cron)}: ${why}`, 'such as --cron "0 3 * * *"');
}
