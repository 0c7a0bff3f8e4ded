// Compiles replica/contracts and writes ABI and code of each contract as one JSON file:
//   NODE_PATH=DIR/node_modules node compile.js OUT
'use strict'
const fs = require('fs')
const path = require('path')
const solc = require('solc')

const dir = path.join(__dirname, 'contracts')
const sources = {}
for (const file of fs.readdirSync(dir).sort()) {
  sources[file] = { content: fs.readFileSync(path.join(dir, file), 'utf8') }
}
const output = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources,
  settings: {
    // The virtual machine of March 2022; no hash of the sources in the code.
    evmVersion: 'london',
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } }
  }
})))
for (const e of output.errors || []) {
  console.error(e.formattedMessage)
}
if ((output.errors || []).length > 0) {
  process.exit(1)
}
const contracts = {}
for (const file of Object.keys(output.contracts).sort()) {
  for (const [name, c] of Object.entries(output.contracts[file])) {
    contracts[name] = { abi: c.abi, code: c.evm.bytecode.object, runtime: c.evm.deployedBytecode.object }
  }
}
fs.writeFileSync(process.argv[2], JSON.stringify({ compiler: solc.version(), contracts }) + '\n')
