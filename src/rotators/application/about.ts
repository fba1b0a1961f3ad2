import type { RotatorAbout } from "../../contract/rotator.ts";

export const about: RotatorAbout = {
  id: "application",
  title: "Values that the application alone checks",
  schemes: [],
  names: [
    ...["APP_KEY", "*SECRET_KEY_BASE", "SECRET_KEY", "DJANGO_SECRET_KEY", "FLASK_SECRET_KEY", "*SESSION_SECRET"],
    ...["*SESSION_KEY", "*COOKIE_SECRET", "*CSRF_SECRET", "*JWT_SECRET", "*JWT_PRIVATE_KEY", "SIGNING_KEY"],
    ...["SIGNING_SECRET", "AUTH_SECRET", "NEXTAUTH_SECRET", "WORDPRESS_*_KEY", "WORDPRESS_*_SALT"],
  ],
  images: [],
  overlap: "application",
  needs: "nothing: the new value is only made, stored and delivered",
  page: "https://cheatsheetseries.owasp.org/cheatsheets/Key_Management_Cheat_Sheet.html",
};
