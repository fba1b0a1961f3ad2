import type { Where } from "../model/location.ts";

/**
 * What a place adds or takes: the image's own environment is written for everyone, so what is found there is a
 * default a little more often; prose stands in labels and annotations.
 */
const WEIGHT: { readonly [place in Where]?: number } = {
  "image-env": -0.04,
  label: -0.03,
  annotation: -0.03,
};

export function weigh(score: number, where: Where): number {
  return Math.max(0, Math.min(1, score + (WEIGHT[where] ?? 0)));
}

/** Places whose value is a whole command. */
export function isCommand(where: Where): boolean {
  return (
    where === "cmd" || where === "entrypoint" || where === "healthcheck" || where === "history" || where === "onbuild"
  );
}

/** In words, for `why`. */
export function placeText(where: Where): string | null {
  if (where === "image-env") return "in the image's own environment";
  if (where === "history") return "in the image's history";
  if (where === "build-arg") return "as a build argument, which history keeps";
  return where === "label" ? "in a label" : null;
}
