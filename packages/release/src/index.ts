export { packageMatrix } from './package-matrix/package-matrix.js'
export type { Matrix } from './table.js'
export { typeMatrix } from './type-matrix/type-matrix.js'
