// Writes src/api/routes.ts, the server's routes as the page knows them, from docs/openapi.json; `--check` only compares. What routes answer stands
// in types.ts, by hand after docs/api.md: openapi.json does not say it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = name => fileURLToPath(new URL(name, import.meta.url))
export const file = at('../src/api/routes.ts')

export function routesText(openapi) {
  const lines = Object.entries(openapi.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => {
    const query = (one.parameters ?? []).filter(parameter => parameter.in === 'query').map(parameter => `'${parameter.name}'`)
    return `  { method: '${method.toUpperCase()}', path: '${path}', query: [${query.join(', ')}], changes: ${!!one['x-changes']} },\n`
  }))
  return `// Made by scripts/routes.mjs from docs/openapi.json (npm run routes); not to be changed by hand.
export interface ServerRoute { method: 'GET' | 'POST'; path: string; query: readonly string[]; changes: boolean }

export const routes: readonly ServerRoute[] = [
${lines.join('')}]
`
}

const wanted = routesText(JSON.parse(readFileSync(at('../../docs/openapi.json'), 'utf8')))
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== wanted) { console.error('src/api/routes.ts is not what docs/openapi.json says: npm run routes'); process.exit(1) }
} else writeFileSync(file, wanted)
