import LabelStore
