// Uploads files by a form with a file input, in a real browser. Usage: browser.mjs BROWSER URL TOKEN FILE...
import { chromium } from "playwright-core";

const [executablePath, url, token, ...paths] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"];
const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage();
  // A page of the API's own origin, because this tests only the form.
  const address = new URL("/form", url).href;
  const body = '<!DOCTYPE html><form><input type="file" name="file"></form>';
  await page.route(address, (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(address);
  for (const path of paths) {
    await page.setInputFiles("input", path);
    const response = await page.evaluate(
      async ([url, token]) => {
        const [headers, body] = [{ authorization: `Bearer ${token}` }, new FormData(document.forms[0])];
        const response = await fetch(url, { method: "POST", headers, body });
        return `${response.status} ${await response.text()}`;
      },
      [url, token],
    );
    console.log(response);
  }
} finally {
  await browser.close();
}
