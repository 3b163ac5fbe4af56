// Numbers as people read them. A missing number is an en dash everywhere, so that columns stay aligned and 0 keeps its meaning.
export const none = '–'
export type Maybe = number | null | undefined

export const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v)

export function fixed(v: Maybe, decimals = 3): string {
  if (!isNumber(v)) return none
  const text = v.toFixed(decimals)
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−')
}

export function signed(v: Maybe, decimals = 3): string {
  if (!isNumber(v)) return none
  const text = fixed(v, decimals)
  return text.startsWith('−') || Number(text) === 0 ? text : '+' + text
}

/** Three significant digits, powers of ten where the number is far from one: 2.4e-4 for a learning rate. */
export function short(v: Maybe): string {
  if (!isNumber(v)) return none
  if (v === 0) return '0'
  const size = Math.abs(v)
  if (size < 1e-3 || size >= 1e7) return v.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e').replace('-', '−').replace('e-', 'e−')
  if (Number.isInteger(v)) return grouped(v)
  return String(Number(v.toPrecision(3))).replace('-', '−')
}

/** 1 234 567 with thin spaces, as tables of sizes want it. */
export function grouped(v: Maybe): string {
  if (!isNumber(v)) return none
  return String(Math.round(v)).replace('-', '−').replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009')
}

const scaled = (v: number, units: string[], step: number): string => {
  let unit = 0
  while (Math.abs(v) >= step * 0.9995 && unit + 1 < units.length) v /= step, unit++
  return `${unit === 0 ? Math.round(v) : Number(v.toPrecision(3))}\u00a0${units[unit]}`.trim()
}

export const bytes = (v: Maybe): string => (isNumber(v) ? scaled(v, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], 1000) : none)
export const count = (v: Maybe): string => (isNumber(v) ? scaled(v, ['', 'k', 'M', 'G', 'T', 'P'], 1000) : none)
export const percent = (share: Maybe, decimals = 0): string => (isNumber(share) ? `${fixed(share * 100, decimals)}\u00a0%` : none)

/** At most two units, the way one says it: "2 d 4 h", "6 min", "35 s", "0.4 s". */
export function duration(seconds: Maybe): string {
  if (!isNumber(seconds)) return none
  if (seconds < 0) return '−' + duration(-seconds)
  if (seconds < 10) return `${Number(seconds.toFixed(1))}\u00a0s`
  if (seconds < 90) return `${Math.round(seconds)}\u00a0s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90 && minutes !== 60) return `${minutes}\u00a0min`
  const hours = Math.round(seconds / 3600)
  if (hours < 48) {
    const whole = Math.floor(minutes / 60)
    return minutes % 60 && whole < 10 ? `${whole}\u00a0h ${minutes % 60}\u00a0min` : `${hours}\u00a0h`
  }
  return hours % 24 && hours < 240 ? `${Math.floor(hours / 24)}\u00a0d ${hours % 24}\u00a0h` : `${Math.round(hours / 24)}\u00a0d`
}

const symbols: Record<string, string> = { USD: '$', EUR: '€', GBP: '£' }
export function money(v: Maybe, currency = 'USD'): string {
  if (!isNumber(v)) return none
  const text = Math.abs(v) < 10 ? v.toFixed(2) : grouped(v)
  return symbols[currency] ? symbols[currency] + text : `${text}\u00a0${currency}`
}

export function p(v: Maybe): string {
  if (!isNumber(v)) return none
  return v < 0.001 ? '< 0.001' : v.toFixed(3)
}

export const spread = (mean: Maybe, deviation: Maybe, decimals = 2): string =>
  isNumber(mean) && isNumber(deviation) ? `${fixed(mean, decimals)} ± ${fixed(deviation, decimals)}` : fixed(mean, decimals)

export const size = (zyx: readonly number[] | null | undefined): string => (zyx && zyx.length ? zyx.map(v => Number(v.toPrecision(4))).join(' × ') : none)

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** "today 14:05", "12 Nov", "12 Nov 2024" in the reader's own time. Times are Unix milliseconds or ISO text. */
export function day(at: number | string | null | undefined, now = Date.now()): string {
  const date = moment(at)
  if (!date) return none
  const today = new Date(now)
  if (date.toDateString() === today.toDateString()) return 'today ' + clock(date.getTime())
  const text = `${date.getDate()} ${months[date.getMonth()]}`
  return date.getFullYear() === today.getFullYear() ? text : `${text} ${date.getFullYear()}`
}

/** "today 14:05", "12 Nov 14:05". */
export function stamp(at: number | string | null | undefined, now = Date.now()): string {
  const text = day(at, now)
  return text.includes(':') || text === none ? text : `${text} ${clock(at)}`
}

export function clock(at: number | string | null | undefined): string {
  const date = moment(at)
  return date ? [date.getHours(), date.getMinutes()].map(v => String(v).padStart(2, '0')).join(':') : none
}

export function moment(at: number | string | null | undefined): Date | null {
  if (at === null || at === undefined || at === '' || at === 0) return null
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? null : date
}

/** Any value of a spec in a table cell. */
export function cell(v: unknown): string {
  if (v === null || v === undefined || v === '') return none
  if (typeof v === 'number') return short(v)
  if (typeof v === 'boolean') return v ? 'yes' : 'no'
  if (Array.isArray(v)) return v.every(x => typeof x === 'number') && v.length === 3 ? size(v as number[]) : v.map(cell).join(', ')
  if (typeof v === 'object') return Object.entries(v).map(([key, value]) => `${key} ${cell(value)}`).join(', ')
  return String(v)
}

export const plural = (n: number, one: string, many = one + 's'): string => `${grouped(n)} ${n === 1 ? one : many}`
