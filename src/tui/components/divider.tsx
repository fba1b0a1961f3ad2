import { GAP } from "../screens/frame.ts";
import { layout, line } from "../widgets/text.ts";
import { Rows } from "./rows.tsx";
import { useSurface } from "./surface.ts";

/** The bar between two panes of this height, joined with their rules. */
export function Divider({ height }: { readonly height: number }) {
  const { guard } = useSurface();
  const bar = (text: string) => line({ text, dimColor: true });
  const lines = [bar("│"), bar("┼─"), ...Array.from({ length: height }, () => bar("│")), bar("┴─")];
  return <Rows rows={layout(lines, GAP, guard)} height={lines.length} />;
}
