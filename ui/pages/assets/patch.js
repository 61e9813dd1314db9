// Writes a block's new figures into one of the same shape: no element is replaced, so the focus stays
// where it is and nothing moves. It is false, and nothing is written, where the shapes differ.
export function patch(current, next) {
  if (!alike(current, next)) return false;
  write(current, next);
  return true;
}

function alike(a, b) {
  return a.nodeName === b.nodeName && a.childNodes.length === b.childNodes.length && [...a.childNodes].every((n, i) => alike(n, b.childNodes[i]));
}

function write(a, b) {
  if (a.nodeType !== Node.ELEMENT_NODE) {
    if (a.data !== b.data) a.data = b.data;
    return;
  }
  for (const { name } of [...a.attributes]) if (!b.hasAttribute(name)) a.removeAttribute(name);
  for (const { name, value } of b.attributes) if (a.getAttribute(name) !== value) a.setAttribute(name, value);
  a.childNodes.forEach((n, i) => write(n, b.childNodes[i]));
}
