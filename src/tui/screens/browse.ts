import { itemsOf, selectedAt } from "../items.ts";
import { beside, layout, line } from "../widgets/text.ts";
import { windowFrom } from "../widgets/window.ts";
import { facets, facetsTitle } from "./facets.ts";
import { WIDE, type ScreenOf } from "./frame.ts";
import { list, listTitle } from "./list.ts";
import { detail, detailTitle } from "./tabs/index.ts";

/** The secrets, or the facets, and the details of the selected one beside them; on a narrow terminal one at a time. */
export const browse: ScreenOf = (state, room, guard) => {
  const items = itemsOf(state);
  const item = items[selectedAt(state, items)];
  const choosing = state.where === "facets";
  const title = line(...(choosing ? facetsTitle(state) : listTitle(state)));
  const wide = room.columns >= WIDE;
  const split = wide ? Math.min(Math.floor(room.columns * 0.5), Math.max(72, Math.floor(room.columns * 0.4))) : null;
  const listRoom = { columns: split ?? room.columns, rows: room.rows };
  const left = choosing ? facets(state, listRoom, guard) : list(state, items, listRoom, guard);
  if (split === null && state.where !== "detail") return { title, ...left };

  const width = split === null ? room.columns : room.columns - split - 2;
  const { rows, below, last } = windowFrom(layout(detail(item, state), width, guard), state.detailScroll, room.rows);
  const heading = line(...detailTitle(state, width, below));
  if (split === null) return { title: heading, body: rows, last };
  const [listHead] = layout([title], split, guard);
  const [detailHead] = layout([heading], width, guard);
  const body = Array.from({ length: room.rows }, (_, index) => beside(left.body[index], rows[index], split));
  return { title: beside(listHead, detailHead, split), body, split, last: choosing ? left.last : last };
};
