// A spec in an address: "kind=unet;family=nnunet;channels=[16,32]". Words stand bare, everything else is JSON.
import { flatten, set, type Json, type Table } from './dotted.ts'

const bare = /^[A-Za-z_][\w.-]*$/
const words = new Set(['true', 'false', 'null'])

export function specText(spec: Table): string {
  return flatten(spec).map(([path, v]) => `${path}=${typeof v === 'string' && bare.test(v) && !words.has(v) ? v : JSON.stringify(v).replaceAll(';', '\\u003b')}`).join(';')
}

/** Parts that are not of this form are left out. */
export function specFrom(text: string): Table {
  let spec: Table = {}
  for (const part of text.split(';')) {
    const at = part.indexOf('=')
    if (at < 1) continue
    let value: Json = part.slice(at + 1)
    try {
      value = JSON.parse(value) as Json
    } catch {
      // a bare word
    }
    spec = set(spec, part.slice(0, at), value)
  }
  return spec
}
