"""Where master keys are held that are in no file: each module has one service, behind `MasterKeys`."""
