import type { ChannelKind } from "../contract/channel.ts";
import { changeCounts, changeLines } from "../model/change-words.ts";
import type { Notice } from "../model/notice.ts";
import { addressOf, post, tryConnection, secretsInAddress, warnIfPlain } from "./post.ts";
import { line, ChannelSettingsReader } from "./settings.ts";

/** Discord's limit is 2000 characters, the least of them all. */
const ROOM = { lines: 20, characters: 1700 };

const SETTINGS = {
  url: line("the incoming webhook's address, as a ref+… reference: anyone who has it can post"),
  urlFile: line("a file with the address"),
  caFile: line("your certificate authority, PEM"),
};

/**
 * A Slack-compatible incoming webhook: Slack, Mattermost, Rocket.Chat, Discord (its address with `/slack`). Only `text`,
 * since the others do not read blocks.
 */
export const slack: ChannelKind = {
  settings: SETTINGS,
  open(given, tools) {
    const settings = new ChannelSettingsReader(SETTINGS, given, tools);
    const address = settings.held("url", secretsInAddress);
    if (address === null) throw settings.wrong("urlFile", "is missing", "put the webhook's address into a file, 0600");
    const urlOf = async (): Promise<URL> =>
      warnIfPlain(addressOf(await address(), settings, "url"), given.name, tools.warn);
    const ca = settings.authority();
    const line = () => ({ env: tools.env, ca: ca(), name: given.name });
    return {
      name: given.name,
      goesTo: "a chat",
      most: 500,
      async send(batch, signal) {
        const body = JSON.stringify({ text: messageOf(batch), parse: "none", link_names: 0, unfurl_links: false });
        await post({ url: await urlOf(), headers: {}, body }, line(), signal);
      },
      probe: async (signal) => tryConnection(await urlOf(), line(), signal),
    };
  },
};

/** Every name is inside a fence, where none of these services interprets links, emphasis or mentions. */
function messageOf(batch: readonly Notice[]): string {
  return [`unsprawl: ${changeCounts(batch)}`, "```", ...changeLines(batch, ROOM, harmless), "```"].join("\n");
}

/**
 * Escapes Slack's markup (`<!channel>`, `<https://…|text>`), the end of the fence, and `@here` for services that look
 * for mentions inside it: an invisible space separates the sign from the name.
 */
function harmless(line: string): string {
  return line
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("`", "'")
    .replaceAll("@", "@\u200b");
}
