import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompilerState, Extractor, ExtractorConfig, type ExtractorMessage } from '@microsoft/api-extractor'
import { repository } from '../published.js'
import { type EntryPoint, entryPoints } from './entry-points.js'

/** Report on one entry point: its exports, and the types that it forgets to export. */
export interface Report {
  readonly entry: EntryPoint
  /** The report in Markdown, as it is kept in `etc/`. */
  readonly text: string
  /** Types that public types refer to and that cannot be imported. */
  readonly forgotten: readonly string[]
}

/** Options of the compiler of api-extractor, TypeScript 6, for declarations that TypeScript 7 has written. */
const compilerOptions = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(repository, 'node_modules/@types')],
}

/** Reads the declarations of every entry point. One program reads all, because it takes most of the time. */
export async function readReports(): Promise<Report[]> {
  const folder = await mkdtemp(join(tmpdir(), 'leveret-api-'))
  try {
    const all = entryPoints()
    const configs = all.map((entry) => configOf(entry, all, folder))
    const [first] = configs
    if (first === undefined) throw new Error('no package is published')
    const compilerState = CompilerState.create(first, { additionalEntryPoints: all.map(({ types }) => types) })
    const reports: Report[] = []
    for (const [index, config] of configs.entries()) {
      const entry = all[index] as EntryPoint
      reports.push({ entry, ...(await extract(config, compilerState, join(folder, entry.report))) })
    }
    return reports.map((report) => ({
      ...report,
      forgotten: report.forgotten.filter((name) => !hasElsewhere(report, name, reports)),
    }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Whether another entry point of the same package exports the type. */
function hasElsewhere({ entry }: Report, name: string, all: readonly Report[]): boolean {
  const exported = new RegExp(`^export (?:abstract )?(?:class|interface|type|function|const) ${name}\\b`, 'm')
  return all.some((other) => other.entry.folder === entry.folder && exported.test(other.text))
}

/** The path at which a report is kept. */
export function pathOf({ report }: EntryPoint): string {
  return join(repository, 'etc', report)
}

/** Writes every report to `etc/`. @returns the names of those that have changed */
export async function writeReports(): Promise<string[]> {
  const changed: string[] = []
  for (const { entry, text } of await readReports()) {
    if ((await readFile(pathOf(entry), 'utf8').catch(() => '')) === text) continue
    await writeFile(pathOf(entry), text)
    changed.push(entry.report)
  }
  return changed
}

function configOf(entry: EntryPoint, all: readonly EntryPoint[], folder: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(entry.folder, 'package.json'),
    configObject: {
      projectFolder: entry.folder,
      mainEntryPointFilePath: entry.types,
      compiler: { overrideTsconfig: { compilerOptions, files: all.map(({ types }) => types) } },
      apiReport: {
        enabled: true,
        reportFileName: entry.report,
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
    },
  })
}

async function extract(
  config: ExtractorConfig,
  compilerState: CompilerState,
  path: string,
): Promise<Pick<Report, 'text' | 'forgotten'>> {
  const forgotten = new Set<string>()
  const messageCallback = (message: ExtractorMessage): void => {
    if (message.messageId === 'ae-forgotten-export') forgotten.add(/"([^"]+)"/.exec(message.text)?.[1] ?? message.text)
    // Messages about doc comments are ignored: this project has its own conventions, and every export is public.
    message.logLevel = 'none' as ExtractorMessage['logLevel']
    message.handled = true
  }
  Extractor.invoke(config, { localBuild: true, compilerState, messageCallback })
  return { text: await readFile(path, 'utf8'), forgotten: [...forgotten].sort() }
}
