import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../src', import.meta.url))
const repository = fileURLToPath(new URL('../../../..', import.meta.url))

/** From the top down. A folder imports from those below it only; folders of one line stand side by side. */
const LAYERS = [
  ['roles'],
  ['rpc/server', 'rpc/client', 'subscribing'],
  ['streams'],
  ['consuming'],
  ['consuming/consumer'],
  ['consuming/batches'],
  ['consuming/handling'],
  ['consuming/delivery', 'publishing', 'dead-letters'],
  ['publishing/engine'],
  ['topology'],
  ['connection'],
  ['connection/lanes'],
  ['amqp'],
  ['amqp/amqplib'],
  ['amqp/frames'],
  ['headers'],
  ['contract'],
  ['contract/procedures'],
  ['contract/queues'],
  ['contract/exchanges'],
  ['contract/payloads'],
  [''],
  ['errors'],
  ['message'],
  ['async'],
  ['collections'],
]

interface Source {
  /** For example `roles/producer.ts`. */
  readonly path: string
  readonly text: string
  /** The sources it imports, types included. */
  readonly imports: readonly string[]
  readonly packages: readonly string[]
}

const sources = readSources()

describe('the layers', () => {
  test('every folder is one of them', () => {
    const known = new Set(LAYERS.flat())
    expect(sources.map(folderOf).filter((folder) => !known.has(folder))).toEqual([])
  })

  test('imports point down, except inside a folder', () => {
    const wrong = edges().filter(({ from, to }) => folderOf(from) !== folderOf(to) && depthOf(to) <= depthOf(from))
    expect(wrong.map(({ from, to }) => `${from.path} -> ${to.path}`)).toEqual([])
  })

  test('no role imports a role', () => {
    const wrong = edges().filter(({ from, to }) => folderOf(from) === 'roles' && folderOf(to) === 'roles')
    expect(wrong).toEqual([])
  })

  test('no import ring, types included', () => {
    expect(findRing()).toBeUndefined()
  })

  test('amqplib is named in amqp/ only', () => {
    const users = sources.filter(({ packages }) => packages.includes('amqplib'))
    expect(users.length).toBeGreaterThan(0)
    expect(users.map(folderOf).filter((folder) => !folder.startsWith('amqp'))).toEqual([])
  })

  test('what amqplib does not document is used in amqp/amqplib/internals.ts only', () => {
    const undocumented =
      /\b(recvFrame|prependListener|IllegalOperationError)\b|\.(accept|rest|channels\?*\.?\[)|as \{ ?(accept|frameMax|ch)\b|Heartbeat timeout|ConnectionOpenOk|No channels left|closed abruptly|terminated by server/
    const users = sources.filter(
      ({ path, text }) => path.startsWith('amqp') && undocumented.test(withoutComments(text)),
    )
    expect(users.map(({ path }) => path)).toEqual(['amqp/amqplib/internals.ts'])
  })

  test('nothing publishes on the consume lane: an alarm would then stop all its acks', () => {
    const engines = sources.filter(
      ({ path }) => path.startsWith('consuming/') || path === 'connection/recovering-channel.ts',
    )
    // Neither the outbox, which is another lane's, nor diagnostics, which go nowhere near the broker.
    const own = (text: string): string => text.replaceAll(/this\.#publish\(|hasSubscribers[^\n]*\.publish\(/g, '')
    expect(engines.filter(({ text }) => /\.publish\(/.test(own(text))).map(({ path }) => path)).toEqual([])
    expect(sources.filter(({ text }) => /consumeLane[^\n]*confirm/.test(text))).toEqual([])
  })
})

describe('the house rules', () => {
  test('a folder has at most 20 files', () => {
    const crowded = Object.entries(countByFolder()).filter(([, files]) => files > 20)
    expect(crowded.map(([folder, files]) => `${folder}: ${files}`)).toEqual([])
  })

  test('the root holds the public names, options, events and the log', () => {
    const inRoot = sources.filter((source) => folderOf(source) === '').map(({ path }) => path)
    expect(inRoot.sort()).toEqual(['events.ts', 'index.ts', 'log.ts', 'options.ts'])
  })

  test('no two files have one name', () => {
    const names = sources.map(({ path }) => basename(path))
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('the first export of a file with a class is a class', () => {
    const firstExport = /^export (?!let\b)(?:abstract |async )?(\w+)/m
    const wrong = sources.filter(
      ({ text }) => /^export (?:abstract )?class /m.test(text) && firstExport.exec(text)?.[1] !== 'class',
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('every test lies in a room, and what helps tests in test/support', () => {
    expect(readdirSync(fileURLToPath(new URL('..', import.meta.url))).filter((name) => name.endsWith('.ts'))).toEqual(
      [],
    )
  })

  test('a file has at most 250 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 251).map(({ path }) => path)).toEqual([])
  })

  test('no any, no suppressed check, nothing left to do', () => {
    const traces = /(:|<|\bas) any\b|@ts-(ignore|expect-error|nocheck)|biome-ignore|\bTODO\b|\bFIXME\b/
    expect(sources.filter(({ text }) => traces.test(text)).map(({ path }) => path)).toEqual([])
  })

  test('the linter refuses functions of more than 40 lines, any, and rings', () => {
    const { linter } = JSON.parse(readFileSync(join(repository, 'biome.json'), 'utf8'))
    expect(linter.rules).toMatchObject({
      complexity: { noExcessiveLinesPerFunction: { level: 'error', options: { maxLines: 40 } } },
      style: { noExcessiveLinesPerFile: { level: 'error', options: { maxLines: 250 } } },
      suspicious: { noExplicitAny: 'error', noImportCycles: { level: 'error', options: { ignoreTypes: false } } },
    })
  })

  test('the published package depends on amqplib and p-retry, and takes zod from its user', () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8'))
    expect(Object.keys(dependencies)).toEqual(['amqplib', 'p-retry'])
    expect(Object.keys(peerDependencies)).toEqual(['zod'])
  })

  test('@types/amqplib is installed nowhere: it describes another major version', () => {
    expect(readFileSync(join(repository, 'pnpm-lock.yaml'), 'utf8')).not.toContain('@types/amqplib')
  })
})

describe('the published types', () => {
  test('hold no type of amqplib', () => {
    const reached = new Set<string>()
    const pending = ['index.d.ts']
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
      if (reached.has(file)) continue
      reached.add(file)
      const text = readFileSync(join(root, '../dist', file), 'utf8')
      for (const [, target = ''] of text.matchAll(/from '(\.[^']+)\.js'/g))
        pending.push(join(dirname(file), `${target}.d.ts`))
    }
    expect(reached.size).toBeGreaterThan(20)
    const publicFiles = [...reached].filter((file) => !/amqp\/(channel|link|dial)\.d\.ts$/.test(file))
    const offenders = publicFiles.filter((file) =>
      /(from |import\()['"]amqplib/.test(readFileSync(join(root, '../dist', file), 'utf8')),
    )
    expect(offenders).toEqual([])
  })
})

function readSources(): Source[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.map((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const specifiers = [...text.matchAll(/(?:^|\n)(?:import|export)\b[^;'"]*?from '([^']+)'/g)].map(
      ([, name = '']) => name,
    )
    const local = specifiers.filter((name) => name.startsWith('.'))
    return {
      path: file,
      text,
      imports: local.map((name) => relative(root, normalize(join(root, dirname(file), name))).replace(/\.js$/, '.ts')),
      packages: specifiers.filter((name) => !name.startsWith('.')),
    }
  })
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

function folderOf({ path }: Source): string {
  return path.includes('/') ? dirname(path) : ''
}

function countByFolder(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const source of sources) counts[folderOf(source)] = (counts[folderOf(source)] ?? 0) + 1
  return counts
}

/** The public index stands above everything; other files at the top of `src` are the ground. */
function depthOf(source: Source): number {
  if (source.path === 'index.ts') return -1
  return LAYERS.findIndex((layer) => layer.includes(folderOf(source)))
}

function edges(): { from: Source; to: Source }[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  return sources.flatMap((from) =>
    from.imports.map((path) => {
      const to = byPath.get(path)
      if (to === undefined) throw new Error(`${from.path} imports ${path}, which does not exist`)
      return { from, to }
    }),
  )
}

function findRing(): string[] | undefined {
  const next = new Map(sources.map(({ path, imports }) => [path, imports]))
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    for (const target of next.get(path) ?? []) {
      const ring = visit(target, [...trail, path])
      if (ring !== undefined) return ring
    }
    done.add(path)
    return undefined
  }
  for (const { path } of sources) {
    const ring = visit(path, [])
    if (ring !== undefined) return ring
  }
  return undefined
}
