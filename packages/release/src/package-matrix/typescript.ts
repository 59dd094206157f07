import { type Case, HANDLED, packageJson } from './case.js'
import { typeScript, typeScriptImport } from './programs.js'

type Compiler = 'typescript' | 'typescript-5.9' | 'typescript-6'

interface Way {
  readonly compiler: Compiler
  readonly how: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly type?: 'module' | 'commonjs'
  readonly program?: string
  readonly refusal?: RegExp
  readonly isQuick?: boolean
}

const VERSIONS: Readonly<Record<Compiler, string>> = { typescript: '7', 'typescript-5.9': '5.9', 'typescript-6': '6' }

/** A program that TypeScript compiles and Node.js then runs. */
function wayOf({
  compiler,
  how,
  settings,
  type = 'module',
  program = typeScript,
  refusal,
  isQuick = false,
}: Way): Case {
  const base = { target: 'es2022', strict: true, skipLibCheck: true, types: ['node'], rootDir: '.', outDir: 'out' }
  const shown = Object.entries(settings).map(([name, value]) => `\`"${name}": ${JSON.stringify(value)}\``)
  return {
    name: `TypeScript ${VERSIONS[compiler]}, ${how}`,
    settings: [`\`"type": "${type}"\` in package.json`, ...shown].join(', '),
    tools: [compiler, '@types/node'],
    files: {
      'program.ts': program,
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...base, ...settings }, files: ['program.ts'] }),
      'package.json': packageJson(type),
    },
    steps: [[`node_modules/${compiler}/bin/tsc`, '-p', '.'], ['out/program.js']],
    prints: refusal ?? HANDLED,
    isRefused: refusal !== undefined,
    isQuick,
  }
}

const node10 = { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true }
const node16 = { module: 'node16', moduleResolution: 'node16' }
const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' }
/** The error of a compiler that does not turn an `import` of an ES module into a `require`. */
const noRequire = /error TS1479/

function modern(compiler: Compiler, isQuick: boolean): Case[] {
  const common = { compiler, isQuick }
  return [
    wayOf({ ...common, how: '`node16`, ES module', settings: node16 }),
    wayOf({ ...common, how: '`node16`, CommonJS', settings: node16, type: 'commonjs', refusal: noRequire }),
    wayOf({
      ...common,
      how: '`node16`, CommonJS with `await import()`',
      settings: node16,
      type: 'commonjs',
      program: typeScriptImport,
    }),
    wayOf({ ...common, how: '`nodenext`, ES module', settings: nodenext }),
    wayOf({ ...common, how: '`nodenext`, CommonJS', settings: nodenext, type: 'commonjs' }),
    wayOf({ ...common, how: '`bundler`', settings: { module: 'esnext', moduleResolution: 'bundler' } }),
  ]
}

/** TypeScript with each way of resolving modules. */
export const typeScriptCases: readonly Case[] = [
  wayOf({ compiler: 'typescript-5.9', how: '`node10`', settings: node10, type: 'commonjs', isQuick: true }),
  wayOf({
    compiler: 'typescript-6',
    how: '`node10`',
    settings: { ...node10, ignoreDeprecations: '6.0' },
    type: 'commonjs',
  }),
  wayOf({
    compiler: 'typescript',
    how: '`node10`',
    settings: node10,
    type: 'commonjs',
    refusal: /error TS510[78]/,
    isQuick: true,
  }),
  ...modern('typescript-5.9', false),
  ...modern('typescript', true),
]
