/** How a terminal's colours and styles are set: in the form that string-width and ansi-tokenize both take for that. */
export const SGR = /\u001b\[(?:\d{1,4}(?:;\d{1,4})*)?m/g; // eslint-disable-line no-control-regex
