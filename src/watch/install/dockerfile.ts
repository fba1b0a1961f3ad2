import { cmd } from "../../kit/shell.ts";
import { type WatchInstallation } from "./model.ts";
import { PLACES, STATE, UID } from "./container.ts";

/**
 * An image of unsprawl, built from its source. The last stage has Node and the program: no source, no
 * package cache, nobody's login, and a user that exists on no machine.
 */
export function dockerfile(image: string | null): WatchInstallation {
  const places = Object.entries(PLACES).map(([name, value]) => `${name}=${value}`);
  const text = `ARG NODE=node:24-slim

FROM \${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src src
COPY providers providers
COPY migrations migrations
RUN npm run build

FROM \${NODE}
COPY --from=build /src/package.json /opt/unsprawl/package.json
COPY --from=build /src/dist /opt/unsprawl/dist
RUN mkdir -p ${STATE} && chown ${UID}:${UID} ${STATE} && chmod 0700 ${STATE}
ENV NODE_ENV=production ${places.join(" ")}
USER ${UID}:${UID}
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["node", "/opt/unsprawl/dist/main.js", "doctor", "--alive"]
ENTRYPOINT ["node", "/opt/unsprawl/dist/main.js"]
CMD ["--help"]
`;
  const name = image ?? "unsprawl:0.1.0";
  return {
    files: [{ path: "Dockerfile", text }],
    next: ([path = "Dockerfile"]) => [cmd`docker build -f ${path} -t ${name} FOLDER_OF_UNSPRAWLS_SOURCE`],
    notes: [],
  };
}
