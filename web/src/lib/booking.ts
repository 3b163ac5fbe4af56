// Booked hours of a day, "19:00-07:00", as stretches of minutes from midnight; one that goes over midnight is two.
const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

export function windowParts(between: string): [number, number][] {
  if (!/^\d\d:\d\d-\d\d:\d\d$/.test(between)) return []
  const [from, to] = between.split('-').map(minutes)
  return from < to ? [[from, to]] : from > to ? ([[0, to], [from, 24 * 60]] as [number, number][]).filter(([a, b]) => b > a) : []
}

export function minuteOfDay(at: number): number {
  const date = new Date(at)
  return date.getHours() * 60 + date.getMinutes()
}
