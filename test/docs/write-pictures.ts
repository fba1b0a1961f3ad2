// `npm run docs:pictures`: the pictures of the HTML report in docs/pictures, from a made-up
// report in a real browser: on a desktop, on a phone, and the first page on paper.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { html } from "../../src/cli/views/html/index.ts";
import { VERSION } from "../../src/model/version.ts";
import { startChromium } from "../services/chromium.ts";
import { finding, reportWith, trendOf } from "../support/reports.ts";

const DIR = fileURLToPath(new URL("../../docs/pictures", import.meta.url));

const shared = Array.from({ length: 14 }, (_, at) =>
  finding(600 + at * 6, { name: "PAYMENT_API_KEY", fingerprint: "5".repeat(32), severity: "critical", state: "new" }),
);
const findings = [...shared, ...Array.from({ length: 46 }, (_, at) => finding(at))];
const since = new Map(
  findings.map(({ id }, at) => [id, new Date(Date.UTC(2026, 9, 1 + ((at * 7) % 40))).toISOString()]),
);
const origin = {
  host: "web1",
  engine: "26.1.5 on Debian GNU/Linux 12, at unix:///var/run/docker.sock",
  command: "unsprawl scan docker: 'image:*' --format html --output report.html",
  user: "root (sudo by alice)",
  version: VERSION,
};
const text = html(reportWith(findings), { trend: trendOf(26), since, origin });

const browser = await startChromium();
try {
  const picture = async (name: string, width: number, height: number, media: "screen" | "print" = "screen") => {
    const page = await browser.open(text, { width, height });
    await page.media(media);
    writeFileSync(join(DIR, `${name}.png`), await page.picture(false));
    page.close();
  };
  await picture("report-desktop", 1280, 900);
  await picture("report-phone", 390, 844);
  // A4 less its margins.
  await picture("report-paper", 688, 1016, "print");
} finally {
  await browser.stop();
}
