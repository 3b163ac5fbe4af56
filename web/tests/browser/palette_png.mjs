// A screenshot as a PNG of at most 256 colours: pictures of the documentation stay small. Colours by median cut, pixels to the nearest of them.
import { deflateSync, inflateSync, crc32 } from 'node:zlib'

/** RGB of an 8-bit RGB or RGBA PNG. */
export function readPng(file) {
  const width = file.readUInt32BE(16), height = file.readUInt32BE(20), kind = file[25], parts = []
  if (file[24] !== 8 || (kind !== 2 && kind !== 6)) throw new Error(`a PNG of ${file[24]} bits and colour type ${kind}; 8 bits of RGB or RGBA are read`)
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)))
  const raw = inflateSync(Buffer.concat(parts)), step = kind === 6 ? 4 : 3, stride = width * step
  const lines = Buffer.alloc(stride * height), rgb = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    for (let i = 0; i < stride; i++) {
      const left = i >= step ? lines[y * stride + i - step] : 0, up = y ? lines[(y - 1) * stride + i] : 0, corner = y && i >= step ? lines[(y - 1) * stride + i - step] : 0
      const p = left + up - corner, [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)]
      const guess = [0, left, up, (left + up) >> 1, a <= b && a <= c ? left : b <= c ? up : corner][filter]
      lines[y * stride + i] = raw[y * (stride + 1) + 1 + i] + guess
    }
    for (let x = 0; x < width; x++) for (let k = 0; k < 3; k++) rgb[(y * width + x) * 3 + k] = lines[y * stride + x * step + k]
  }
  return { width, height, rgb }
}

function palette(colours, most) {
  let boxes = [colours]
  const spread = box => {
    const ends = [0, 1, 2].map(k => box.reduce(([low, high], one) => [Math.min(low, one.rgb[k]), Math.max(high, one.rgb[k])], [255, 0]))
    const axis = [0, 1, 2].sort((a, b) => ends[b][1] - ends[b][0] - (ends[a][1] - ends[a][0]))[0]
    return { axis, size: (ends[axis][1] - ends[axis][0]) * Math.sqrt(box.reduce((sum, one) => sum + one.count, 0)) }
  }
  while (boxes.length < most) {
    const widest = boxes.map((box, i) => ({ i, ...(box.length > 1 ? spread(box) : { axis: 0, size: 0 }) })).sort((a, b) => b.size - a.size)[0]
    if (!widest.size) break
    const box = boxes[widest.i].sort((a, b) => a.rgb[widest.axis] - b.rgb[widest.axis]), half = box.reduce((sum, one) => sum + one.count, 0) / 2
    let sum = 0, cut = 0
    while (cut < box.length - 1 && (sum += box[cut].count) < half) cut++
    cut = Math.min(Math.max(cut, 1), box.length - 1)
    boxes = [...boxes.filter((_, i) => i !== widest.i), box.slice(0, cut), box.slice(cut)]
  }
  // The commonest colour of a box stands for it: plain areas keep exactly the colour they have.
  return boxes.map(box => box.reduce((best, one) => (one.count > best.count ? one : best)).rgb)
}

const chunk = (name, body) => {
  const named = Buffer.concat([Buffer.from(name), body]), head = Buffer.alloc(4), tail = Buffer.alloc(4)
  head.writeUInt32BE(body.length), tail.writeUInt32BE(crc32(named))
  return Buffer.concat([head, named, tail])
}

export function palettePng(file, most = 256) {
  const { width, height, rgb } = readPng(file)
  const counts = new Map()
  for (let i = 0; i < rgb.length; i += 3) { const key = (rgb[i] << 16) | (rgb[i + 1] << 8) | rgb[i + 2]; counts.set(key, (counts.get(key) ?? 0) + 1) }
  const colours = palette([...counts].map(([key, count]) => ({ count, rgb: [key >> 16, (key >> 8) & 255, key & 255] })), most)
  const index = new Map([...counts.keys()].map(key => {
    const far = ([r, g, b]) => (r - (key >> 16)) ** 2 + (g - ((key >> 8) & 255)) ** 2 + (b - (key & 255)) ** 2
    return [key, colours.reduce((best, one, i) => (far(one) < far(colours[best]) ? i : best), 0)]
  }))
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) { const i = (y * width + x) * 3; rows[y * (width + 1) + 1 + x] = index.get((rgb[i] << 16) | (rgb[i + 1] << 8) | rgb[i + 2]) }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0), head.writeUInt32BE(height, 4), head.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('PLTE', Buffer.from(colours.flat())), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}
