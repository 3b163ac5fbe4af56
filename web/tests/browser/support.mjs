// A browser for the tests: Debian's Chromium without a window, or where TOMOGRAD_CHROMIUM says (its libraries in TOMOGRAD_CHROMIUM_LIBRARIES
// when it is only unpacked). WebGL runs in software (SwiftShader).
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { start } from '../mock-server.mjs'

export const program = [process.env.TOMOGRAD_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(path => path && existsSync(path))
const libraries = process.env.TOMOGRAD_CHROMIUM_LIBRARIES
const flags = ['--no-sandbox', '--disable-gpu', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** A browser's page at this address. `complaints`: what the browser said was wrong; `outside`: requests to anybody else. */
export async function browse(address) {
  if (!program) throw new Error('there is no Chromium here (Debian: chromium); TOMOGRAD_CHROMIUM may name one')
  const browser = await chromium.launch({ executablePath: program, args: flags, env: libraries ? { ...process.env, LD_LIBRARY_PATH: libraries } : process.env })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' })
  const page = await context.newPage()
  const complaints = [], outside = []
  page.on('console', message => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.stack ?? String(error)))
  page.on('request', request => !request.url().startsWith(address) && !/^(data|blob):/.test(request.url()) && outside.push(request.url()))
  return {
    page, complaints, outside,
    go: async hash => { await page.goto(address + '#/' + hash); await page.waitForLoadState('networkidle').catch(() => {}) },
    close: () => browser.close(),
  }
}

/** The page with made-up answers. */
export async function open() {
  const server = await start()
  const tab = await browse(server.address)
  return { ...tab, server, close: async () => { await tab.close(); await server.stop() } }
}
