/** Who changes the secret at its server: its owner, or the login that a server was made with, by its container. */
export type RotatingLogin =
  | { readonly kind: "owner" }
  | { readonly kind: "first-init"; readonly container: string; readonly variable: string; readonly user: string };
