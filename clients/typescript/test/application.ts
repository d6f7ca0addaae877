// The application around the README's blocks.
import { token } from "./support.js";

export { baseUrl } from "./support.js";
export const calls: unknown[][] = [];

function recorded(name: string) {
  return (...parameters: unknown[]): void => {
    calls.push([name, ...parameters]);
  };
}

const current = token();
export const session = { token: (_: { renew: boolean }): string => current };
export const abort = new AbortController();
export const input = { files: [new File(["a,b\n"], "rows.csv", { type: "text/csv" })] as const };
export const link = { href: "" };
export const [mark, show, draw, countDown] = ["mark", "show", "draw", "countDown"].map(recorded) as [
  (path: string, message: string) => void,
  (message: string, requestId?: string) => void,
  (phase: string, share: number) => void,
  (code: string, until: Date) => void,
];
