// Light and dark: as the system says until the reader chooses; the viewer starts dark whatever the rest is.
import { effect, signal } from '@preact/signals'

export type Theme = 'light' | 'dark'
const key = 'tomograd.theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')
const stored = localStorage.getItem(key)
const chosen = signal<Theme | null>(stored === 'light' || stored === 'dark' ? stored : null)
const systemTheme = signal<Theme>(system.matches ? 'dark' : 'light')
export const forced = signal<Theme | null>(null)  // by the view that is shown
export const theme = () => forced.value ?? chosen.value ?? systemTheme.value

export function toggleTheme(): void {
  const next = theme() === 'dark' ? 'light' : 'dark'
  if (forced.value) forced.value = next
  else {
    chosen.value = next
    localStorage.setItem(key, next)
  }
}

export function startTheme(): void {
  system.addEventListener('change', () => (systemTheme.value = system.matches ? 'dark' : 'light'))
  effect(() => {
    document.documentElement.dataset.theme = theme()
  })
}

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
export const paper = (): string => token('--paper')
export const ink = (): string => token('--ink')
export const lineColour = (): string => token('--line')
