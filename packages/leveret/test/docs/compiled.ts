import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '@leveret/testing/vitest'
import { afterAll, expect, onTestFinished } from 'vitest'
import * as library from '../../src/index.js'
import { type Block, pattern, repository } from './documents.js'

const compiler = join(repository, 'node_modules/typescript/bin/tsc')

/** What fragments take for granted. */
const GIVEN: Readonly<Record<string, string>> = {
  rabbit: "declare const rabbit: import('leveret').Connection",
  thumbnails:
    "declare const thumbnails: import('leveret').WorkQueue<import('zod').ZodObject<{ imageId: import('zod').ZodUUID; widthPx: import('zod').ZodInt }>>",
  render: 'declare function render(imageId: string, widthPx: number, signal?: AbortSignal): Promise<void>',
}

/** A block as the compiler sees it. */
export interface Compiled {
  /** The program that it became. */
  readonly path: string
  /** What the compiler says against it. */
  readonly errors: readonly string[]
}

/** Compiles blocks in one go, in a folder from which `leveret` and `zod` are found as a user's project finds them. */
export async function compileBlocks(blocks: readonly Block[]): Promise<Compiled[]> {
  const parent = join(repository, 'examples/dist')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'docs-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const names = blocks.map(({ where }) => where.replaceAll(/[^\w-]/g, '_'))
  for (const [index, block] of blocks.entries()) writeFileSync(join(folder, `${names[index]}.ts`), whole(block))
  const config = {
    extends: join(repository, 'tsconfig.base.json'),
    compilerOptions: { composite: false, noUnusedLocals: false, noUnusedParameters: false },
    files: names.map((name) => `${name}.ts`),
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const said = await promisify(execFile)(process.execPath, [compiler, '-p', folder]).then(
    () => [],
    ({ stdout }: { stdout: string }) => stdout.split(/\n(?=\S)/),
  )
  return names.map((name) => ({
    path: join(folder, `${name}.js`),
    errors: said.filter((error) => error.includes(`/${name}.ts(`)),
  }))
}

/** A fragment with what it takes for granted. */
function whole({ kind, code }: Block): string {
  if (kind !== 'fragment') return code
  const isNamed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(code)
  const isMade = (name: string): boolean =>
    new RegExp(`(?:const|function|class) ${name}\\b|^import .*\\b${name}\\b`, 'm').test(code)
  const missing = (names: readonly string[]): string[] => names.filter((name) => isNamed(name) && !isMade(name))
  const imported = missing([...Object.keys(library), ...TYPES])
  return [
    ...(isNamed('z') && !code.includes("from 'zod'") ? ["import { z } from 'zod'"] : []),
    ...(imported.length === 0 ? [] : [`import { ${imported.map(typed).join(', ')} } from 'leveret'`]),
    ...missing(Object.keys(GIVEN)).map((name) => GIVEN[name]),
    code,
    'export {}',
  ].join('\n')
}

const TYPES = ['Codec', 'HandlerOf', 'Interceptor', 'OffsetStore', 'PayloadOf']

function typed(name: string): string {
  return TYPES.includes(name) ? `type ${name}` : name
}

/** What a program says of a failure that its document shows is no complaint. */
const QUIET = ['ATTEMPT_FAILED', 'GIVEN_UP', 'REQUEST_FAILED'].map((code) => `--disable-warning=LEVERET_${code}`)

/** Runs a program to its end: it prints what its document says, says nothing on stderr, and ends by itself or, where it waits for signals, at SIGINT. */
export async function runBlock(block: Block, program: string, url: string): Promise<void> {
  const child = spawn(process.execPath, [...QUIET, program], { env: { ...process.env, RABBITMQ_URL: url } })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  let [printed, complained] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complained += chunk
  })
  const waits = block.code.includes('closeOnSignals(')
  if (waits && block.prints === undefined)
    throw new Error(`${block.where}: it waits for signals, and says not what it prints before`)
  if (block.prints !== undefined) {
    const expected = pattern(block.prints)
    await eventually(() => expect(printed, complained).toMatch(expected))
  }
  if (waits) child.kill('SIGINT')
  expect(await exited, complained).toEqual([0, null])
  expect(complained).toBe('')
}
