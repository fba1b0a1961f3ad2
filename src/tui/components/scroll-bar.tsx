import { layout, line } from "../widgets/text.ts";
import { Rows } from "./rows.tsx";
import { useSurface } from "./surface.ts";

type ScrollBarProps = { readonly from: number; readonly to: number; readonly count: number; readonly height: number };

/** Where the visible part of a list is in it, one column wide. */
export function ScrollBar({ from, to, count, height }: ScrollBarProps) {
  const { guard } = useSurface();
  const thumb = Math.max(1, Math.round(((to - from) / count) * height));
  const top = Math.round((from / Math.max(1, count - (to - from))) * (height - thumb));
  const bar = Array.from({ length: height }, (_, at) =>
    at >= top && at < top + thumb ? line("┃") : line({ text: "│", dimColor: true }),
  );
  return <Rows rows={layout(bar, 1, guard)} height={height} />;
}
