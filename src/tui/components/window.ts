import { useRef } from "react";
import { windowAround } from "../widgets/window.ts";

/** The visible part of a long list: it stays where it is until the selected row would leave it. */
export function useWindow(count: number, at: number, height: number): { readonly from: number; readonly to: number } {
  const top = useRef<number | null>(null);
  const from =
    top.current === null ? windowAround(count, at, height).from : Math.min(at, Math.max(top.current, at - height + 1));
  const kept = Math.max(0, Math.min(from, count - height));
  top.current = kept;
  return { from: kept, to: Math.min(count, kept + height) };
}
