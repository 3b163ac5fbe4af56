// A network of named blocks while it is edited. A block reads what its `from` names, or the block before it; blocks stand in the order of the
// data flow, so a name below is never read. Every function returns a new list; what it does not mention stays as it was.
import type { Json, Table } from './dotted.ts'

export type Block = Table
export const ops = ['conv', 'transposed_conv', 'pool', 'subsample', 'upsample', 'crop', 'concat', 'add', 'norm', 'activation', 'dropout', 'bias', 'msd', 'repeat'] as const

export const blocksOf = (spec: Table): Block[] => (Array.isArray(spec.block) ? spec.block.filter((one): one is Block => typeof one === 'object' && one !== null && !Array.isArray(one)) : [])
export const nameOf = (block: Block | undefined): string => String(block?.name ?? '')
export const opOf = (block: Block | undefined): string => String(block?.op ?? '')
const written = (block: Block): string[] => (Array.isArray(block.from) ? block.from.map(String) : [])
const before = (blocks: Block[], at: number): string => (at > 0 ? nameOf(blocks[at - 1]) : 'input')

/** What a block reads, by name. */
export const inputsOf = (blocks: Block[], at: number): string[] => (written(blocks[at]).length ? written(blocks[at]) : opOf(blocks[at]) === 'repeat' ? [] : [before(blocks, at)])
/** What it could read: the network's input and all above it. */
export const sourcesOf = (blocks: Block[], at: number): string[] => ['input', ...blocks.slice(0, at).map(nameOf)]
export const mostInputs = (op: string): number => (op === 'concat' ? 64 : op === 'add' || op === 'repeat' ? 2 : 1)

export function freeName(blocks: Block[], wish: string): string {
  const taken = new Set(['input', ...blocks.map(nameOf)])
  if (!taken.has(wish)) return wish
  const stem = wish.replace(/-?\d+$/, '') || wish
  for (let i = 2; ; i++) if (!taken.has(`${stem}-${i}`)) return `${stem}-${i}`
}

/** What a new block of this kind needs to be legal as often as not. */
const first: Record<string, Table> = {
  conv: { channels: 16, activation: 'relu' }, transposed_conv: { channels: 16, kernel: 2, stride: 2 }, pool: { factor: 2 }, subsample: { factor: 2 }, upsample: { factor: 2 },
  crop: { margin: 1 }, norm: { norm: 'instance' }, activation: { activation: 'relu' }, dropout: { dropout: 0.2 }, msd: { depth: 10 }, repeat: { repeat: 2 },
}

export function added(blocks: Block[], at: number, op: string): Block[] {
  const above = blocks.slice(0, at + 1)
  const block: Block = { name: freeName(blocks, op.replace('_', '-')), op, ...first[op] }
  const here = nameOf(above[above.length - 1]) || 'input'
  if (op === 'concat' || op === 'add') block.from = [nameOf(above[above.length - 2]) || 'input', here]
  if (op === 'repeat') block.from = [here, here]
  return [...above, block, ...blocks.slice(at + 1)]
}

export function duplicated(blocks: Block[], at: number): Block[] {
  const copy: Block = { ...blocks[at], name: freeName(blocks, nameOf(blocks[at])) }
  if (mostInputs(opOf(copy)) === 1) delete copy.from       // it goes on from the original
  return [...blocks.slice(0, at + 1), copy, ...blocks.slice(at + 1)]
}

/** Who read it reads what it read. */
export function removed(blocks: Block[], at: number): Block[] {
  const gone = nameOf(blocks[at]), instead = inputsOf(blocks, at)[0] ?? before(blocks, at)
  return blocks.flatMap((block, i): Block[] => {
    if (i === at) return []
    const next = { ...block }
    const from = written(block)
    if (from.includes(gone)) next.from = [...new Set(from.map(name => (name === gone ? instead : name)))]
    else if (i === at + 1 && !from.length && instead !== before(blocks, at)) next.from = [instead]
    if (next.like === gone) delete next.like
    return [next]
  })
}

/** Its readers follow, those of its copies ("name.2") too. */
export function renamed(blocks: Block[], at: number, name: string): Block[] {
  const old = nameOf(blocks[at])
  const follow = (text: string) => (text === old ? name : text.startsWith(old + '.') && /^\d+$/.test(text.slice(old.length + 1)) ? name + text.slice(old.length) : text)
  return blocks.map((block, i) => ({
    ...block, ...(i === at ? { name } : {}),
    ...(written(block).length ? { from: written(block).map(follow) } : {}),
    ...(typeof block.like === 'string' ? { like: follow(block.like) } : {}),
  }))
}

/** One place up or down; null where it would stand above what it names. */
export function moved(blocks: Block[], at: number, by: 1 | -1): Block[] | null {
  const to = at + by
  if (!blocks[at] || !blocks[to]) return null
  const lower = blocks[Math.max(at, to)], upper = nameOf(blocks[Math.min(at, to)])
  if (written(lower).includes(upper) || lower.like === upper) return null
  const list = [...blocks]
  ;[list[at], list[to]] = [list[to], list[at]]
  return list
}

/** `from` is only written where it says more than "the block before". */
export function connected(blocks: Block[], at: number, names: string[]): Block[] {
  const { from: _, ...rest } = blocks[at]
  const plain = opOf(rest) !== 'repeat' && names.length === 1 && names[0] === before(blocks, at)
  return changed(blocks, at, names.length && !plain ? { ...rest, from: names } : rest)
}

export const changed = (blocks: Block[], at: number, block: Block): Block[] => blocks.map((one, i) => (i === at ? block : one))

/** Another kind keeps what both understand. */
export function withOp(blocks: Block[], at: number, op: string): Block[] {
  const old = blocks[at], keys = new Set<string>(['name', 'from', ...fieldNames({ ...old, op })])
  const kept = Object.fromEntries(Object.entries(old).filter(([key]) => keys.has(key)))
  const next: Block = { ...first[op], ...kept, op }
  if (mostInputs(op) === 1 && written(next).length > 1) next.from = written(next).slice(0, 1)
  return changed(blocks, at, next)
}

/** Which fields a block of its kind has, in the order in which they are asked for. */
export function fieldNames(block: Block): string[] {
  const op = opOf(block), kind = String(block.activation ?? 'none')
  const ofNorm = ['epsilon', 'scale', 'shift', ...(block.norm === 'batch' ? ['statistics'] : [])]
  const ofActivation = [...(kind === 'leaky_relu' || kind === 'prelu' ? ['slope'] : []), ...(kind === 'prelu' ? ['shared_slope'] : [])]
  const around = ['bias', 'norm', 'activation', 'dropout', 'order', ...ofActivation, ...(typeof block.norm === 'string' && block.norm !== 'none' ? ofNorm : []), ...(Number(block.dropout) > 0 ? ['whole_channels'] : []), 'starts_at_zero']
  const own: Record<string, string[]> = {
    conv: ['channels', 'kernel', 'stride', 'dilation', 'padding', ...around], transposed_conv: ['channels', 'kernel', 'stride', ...around],
    pool: ['factor', 'mode', 'padding'], subsample: ['factor'], upsample: ['factor', 'mode'], crop: ['margin', 'size', 'anchor'], add: ['pad_channels'],
    norm: ['norm', ...ofNorm], activation: ['activation', ...ofActivation], dropout: ['dropout', 'whole_channels'], msd: ['kernel', 'depth', 'width', 'dilations', 'border'],
  }
  return [...(own[op] ?? []), 'repeat']
}

/** The block that a node of the module graph comes from ("down.conv", "down.3", "down.2.norm"), or -1. */
export function blockOfNode(blocks: Block[], node: string): number {
  let best = -1
  blocks.forEach((block, i) => {
    const name = nameOf(block)
    if ((node === name || node.startsWith(name + '.')) && (best < 0 || name.length > nameOf(blocks[best]).length)) best = i
  })
  return best
}

/** What is said of a block in one line. */
export function blockText(block: Block): string {
  const say = (v: Json | undefined) => (Array.isArray(v) ? v.join('×') : String(v ?? ''))
  const parts: Record<string, string> = {
    conv: `conv ${say(block.kernel ?? 3)}, ${Number(block.channels) || 'classes'}`, transposed_conv: `transposed ${say(block.kernel ?? 3)}, ${Number(block.channels) || 'classes'}`,
    pool: `${String(block.mode || 'max')} pool ${say(block.factor ?? 1)}`, subsample: `sub-sample ${say(block.factor ?? 1)}`, upsample: `up-sample ${say(block.factor ?? 1)}`,
    crop: block.like ? `crop like ${String(block.like)}` : 'crop', norm: `${String(block.norm ?? 'no')} norm`, activation: String(block.activation ?? 'activation'), dropout: `dropout ${say(block.dropout ?? 0)}`,
    msd: `msd ${say(block.depth ?? 100)} × ${say(block.width ?? 1)}`, repeat: `repeat ${(Array.isArray(block.from) ? block.from : []).join(' to ')}`,
  }
  return (parts[opOf(block)] ?? opOf(block)) + (Number(block.repeat) > 1 ? ` × ${say(block.repeat)}` : '')
}
