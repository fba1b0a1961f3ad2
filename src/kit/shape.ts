/**
 * Checks the form of data from outside. Returns null if it fits, otherwise the path of the first part that does not
 * (`[3].Names`; empty for the whole). Members that a shape does not list are not checked.
 */
export type ShapeCheck = (value: unknown) => string | null;

export const text: ShapeCheck = (value) => (typeof value === "string" ? null : "");

/** Absent, null, or of this shape. */
export function optional(shape: ShapeCheck): ShapeCheck {
  return (value) => (value === undefined || value === null ? null : shape(value));
}

export function list(shape: ShapeCheck): ShapeCheck {
  return (value) => {
    if (!Array.isArray(value)) return "";
    for (const [index, one] of value.entries()) {
      const fault = shape(one);
      if (fault !== null) return `[${index}]${fault}`;
    }
    return null;
  };
}

export function map(shapes: { readonly [key: string]: ShapeCheck }): ShapeCheck {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
    for (const [key, shape] of Object.entries(shapes)) {
      const fault = shape((value as { readonly [key: string]: unknown })[key]);
      if (fault !== null) return `.${key}${fault}`;
    }
    return null;
  };
}
