/** `Retry-After` in milliseconds from `now`: seconds, or a date (RFC 9110, 10.2.3). Null when it says nothing. */
export function retryAfterMs(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value) - now;
  return Number.isNaN(until) ? null : Math.max(0, until);
}
