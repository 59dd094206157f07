import { packageMatrix } from './package-matrix/package-matrix.js'

const [, , ...names] = process.argv
const { table, ok } = await packageMatrix(names)
process.stdout.write(`${table}\n`)
process.exitCode = ok ? 0 : 1
