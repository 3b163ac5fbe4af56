// Writes src/api/routes.ts and src/api/answers.ts, the server's routes and what they answer, from docs/openapi.json; `--check` only compares. types.ts
// has the names that the page gives to some of them.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = name => fileURLToPath(new URL(name, import.meta.url))
export const file = at('../src/api/routes.ts')
export const answersFile = at('../src/api/answers.ts')
const made = '// Made by scripts/routes.mjs from docs/openapi.json (npm run routes); not to be changed by hand.\n'

export function routesText(openapi) {
  const lines = Object.entries(openapi.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => {
    const query = (one.parameters ?? []).filter(parameter => parameter.in === 'query').map(parameter => `'${parameter.name}'`)
    return `  { method: '${method.toUpperCase()}', path: '${path}', query: [${query.join(', ')}], changes: ${!!one['x-changes']} },\n`
  }))
  return `${made}export interface ServerRoute { method: 'GET' | 'POST'; path: string; query: readonly string[]; changes: boolean }

export const routes: readonly ServerRoute[] = [
${lines.join('')}]
`
}

const plain = { integer: 'number', number: 'number', string: 'string', boolean: 'boolean', null: 'null', object: 'Table' }
const words = list => list.map(word => `'${word}'`).join(' | ')
const fields = schema => Object.entries(schema.properties).map(([name, of]) => `${name}${schema.required.includes(name) ? '' : '?'}: ${typeOf(of)}`)

/** The TypeScript type of a JSON Schema as src/server/answer_shapes.cpp writes them. */
export function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.const !== undefined) return `'${schema.const}'`
  if (schema.enum) return words(schema.enum)
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map(type => plain[type]).join(' | ')
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`
  if (schema.type === 'array') {
    const item = typeOf(schema.items)
    return schema.items.anyOf || schema.items.enum || Array.isArray(schema.items.type) ? `(${item})[]` : `${item}[]`
  }
  if (schema.properties) return `{ ${fields(schema).join('; ')} }`
  if (schema.type === 'object' && schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties)}>`
  return schema.type ? plain[schema.type] : 'Json'
}

export function answersText(openapi) {
  const shapes = Object.entries(openapi.components.schemas).map(([name, schema]) =>
    schema.properties ? `export type ${name} = {\n${fields(schema).map(field => `  ${field}\n`).join('')}}\n` : `export type ${name} = ${typeOf(schema)}\n`)
  const answers = Object.entries(openapi.paths).flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, one]) => {
    const schema = one.responses['200'].content['application/json']?.schema
    return schema ? [`  '${method.toUpperCase()} ${path}': ${typeOf(schema)}\n`] : []
  }))
  return `${made}import type { Json, Table } from '../lib/dotted.ts'

${shapes.join('\n')}
/** What a route answers. */
export interface Answers {
${answers.join('')}}
`
}

const openapi = JSON.parse(readFileSync(at('../../docs/openapi.json'), 'utf8'))
for (const [path, text] of [[file, routesText(openapi)], [answersFile, answersText(openapi)]]) {
  if (!process.argv.includes('--check')) writeFileSync(path, text)
  else if (readFileSync(path, 'utf8') !== text) { console.error(`${path.replace(/.*\/src\//, 'src/')} is not what docs/openapi.json says: npm run routes`); process.exit(1) }
}
