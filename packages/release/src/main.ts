import { packageMatrix } from './package-matrix/package-matrix.js'
import type { Matrix } from './table.js'

const matrices: Readonly<Record<string, (words: readonly string[]) => Promise<Matrix>>> = { packages: packageMatrix }

const [name = '', ...words] = process.argv.slice(2)
const matrix = matrices[name]
if (matrix === undefined) throw new Error(`which matrix? ${Object.keys(matrices).join(', ')}`)
const { table, ok } = await matrix(words)
process.stdout.write(`\n${table}\n`)
process.exitCode = ok ? 0 : 1
