import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished } from 'vitest'
import { eventually, test } from '../support/support.js'

const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const compiler = join(repository, 'node_modules/typescript/bin/tsc')

/** What each of their programs prints, and whether it then ends by itself or waits for Ctrl-C. */
const READMES = [
  [
    'README.md',
    [
      { prints: /^rendering [0-9a-f-]{36} at 320 px, attempt 1$/m, waits: true },
      { prints: /^bill order 7\norder 7 went with DHL$/m, waits: false },
      { prints: /^ann got 0: hello ann\nbob got 1: hello bob$/m, waits: false },
      { prints: /^sent [0-9a-f-]{36}: true$/m, waits: false },
      { prints: /(?=.*^booking [123]$)(?=.*^ann: 3$)/ms, waits: false },
      { prints: /^1 of 1 would be dead letters\n1 at weight: /m, waits: false },
      { prints: /^\{ name: 'Ann' \}\nthere is no user 8$/m, waits: false },
      { prints: /(?=.*^stored [0-9a-f-]{36}, 14 bytes$)(?=.*^hello Ann of acme$)/ms, waits: false },
    ],
  ],
  ['packages/leveret/README.md', [{ prints: /^hello world$/m, waits: true }]],
] as const

describe.for(READMES)('%s', ([readme, expected]) => {
  const text = readFileSync(join(repository, readme), 'utf8')
  const programs = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)

  test('has as many programs as are expected here', () => {
    expect(programs).toHaveLength(expected.length)
  })

  test.for([...expected.entries()])(
    'program %i compiles, runs and does what it says',
    async ([index, { prints, waits }], { vhost }) => {
      const program = await compile(programs[index] ?? '')
      const child = spawn(process.execPath, [program], { env: { ...process.env, RABBITMQ_URL: vhost.url } })
      onTestFinished(() => void child.kill('SIGKILL'))
      const exited = once(child, 'exit')
      let printed = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk
      })
      await eventually(() => expect(printed).toMatch(prints))
      if (waits) child.kill('SIGINT')
      expect(await exited).toEqual([0, null])
    },
  )

  test('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, target = '']) => target)
    expect(links.filter((target) => !existsSync(join(repository, dirname(readme), target)))).toEqual([])
  })

  test('names errors that exist', async () => {
    const names = new Set([...text.matchAll(/`([A-Z]\w+Error)`/g)].map(([, name = '']) => name))
    const library: Record<string, unknown> = await import('../../src/index.js')
    expect([...names].filter((name) => typeof library[name] !== 'function')).toEqual([])
  })
})

/** Compiles in a folder from which `leveret` and `zod` are found as a user's project finds them. */
async function compile(code: string): Promise<string> {
  const parent = join(repository, 'examples/dist')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'program.ts'), code)
  const config = {
    extends: join(repository, 'tsconfig.base.json'),
    compilerOptions: { composite: false },
    files: ['program.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  await promisify(execFile)(process.execPath, [compiler, '-p', folder]).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout)
  })
  return join(folder, 'program.js')
}
