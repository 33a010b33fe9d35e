// Files under a message: a download, and a look into what is text.

import { el, replace, safeURL } from "./dom.js";

const PREVIEW_LIMIT = 200_000; // bytes; more is for the download
const TEXTUAL = /\.(txt|log|ya?ml|json|md|sh|cfg|conf|ini|csv|toml|env|pub|xml|go|py)$/i;

// renderFiles draws the files of a message.
export function renderFiles(files) {
  if (!files?.length) return null;
  return el("ul", { class: "files", "aria-label": "Files" }, files.map((file) => el("li", {}, drawFile(file))));
}

function drawFile(file) {
  const address = safeURL(file.url ?? file.url_private ?? "");
  const name = file.name || file.title || "file";
  const head = el(
    "div",
    { class: "file" },
    el("span", { class: "file-icon", "aria-hidden": "true" }, "📄"),
    el("span", { class: "file-name" }, name),
    el("span", { class: "muted" }, sizeText(file.size)),
    address ? el("a", { class: "btn small", href: address, download: name, "data-testid": "file-download" }, "Download") : null,
  );
  const type = file.mimetype ?? "";
  if (address && type.startsWith("image/")) return [head, el("img", { class: "file-image", src: address, alt: name, loading: "lazy" })];
  const textual = type.startsWith("text/") || /json|yaml|xml/.test(type) || TEXTUAL.test(name);
  return address && textual && (file.size ?? 0) <= PREVIEW_LIMIT ? [head, preview(address)] : head;
}

// preview fetches the text when it is first opened.
function preview(address) {
  const body = el("pre", { tabindex: "0" }, "Loading…");
  const box = el("details", { class: "preview", "data-testid": "file-preview" }, el("summary", {}, "Preview"), body);
  box.addEventListener("toggle", async () => {
    if (!box.open || box.dataset.loaded) return;
    box.dataset.loaded = "yes";
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error(`The file could not be read (${response.status}).`);
      replace(body, await response.text());
    } catch (error) {
      delete box.dataset.loaded;
      replace(body, error.message);
    }
  });
  return box;
}

// sizeText says a number of bytes in words.
export function sizeText(bytes) {
  if (!(bytes >= 0)) return "";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// toUpload reads a file of the person's machine for /ui/say.
export async function toUpload(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return { name: file.name, content_base64: btoa(binary) };
}
