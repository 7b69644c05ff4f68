/// The instructions of pickle protocols 2 to 4 that plain data and tensors need.
///
/// Named as in CPython's `pickletools`. Missing on purpose: the text forms of protocols 0 and 1, and
/// `INST`, `OBJ`, `NEWOBJ_EX` and the extension registry, which serve other classes only.
enum PickleOpcode: UInt8 {
  case proto = 0x80
  case frame = 0x95
  case stop = 0x2E
  case mark = 0x28
  case pop = 0x30
  case popMark = 0x31
  case duplicate = 0x32

  case none = 0x4E
  case newTrue = 0x88
  case newFalse = 0x89
  case binInt = 0x4A
  case binInt1 = 0x4B
  case binInt2 = 0x4D
  case long1 = 0x8A
  case binFloat = 0x47
  case shortBinUnicode = 0x8C
  case binUnicode = 0x58
  case binUnicode8 = 0x8D
  case shortBinBytes = 0x43
  case binBytes = 0x42
  case binBytes8 = 0x8E

  case emptyList = 0x5D
  case append = 0x61
  case appends = 0x65
  case emptyTuple = 0x29
  case tuple = 0x74
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyDictionary = 0x7D
  case setItem = 0x73
  case setItems = 0x75
  case emptySet = 0x8F
  case addItems = 0x90
  case frozenSet = 0x91

  case binGet = 0x68
  case longBinGet = 0x6A
  case binPut = 0x71
  case longBinPut = 0x72
  case memoize = 0x94

  case global = 0x63
  case stackGlobal = 0x93
  case reduce = 0x52
  case newObject = 0x81
  case build = 0x62
  case binPersistentID = 0x51
}
