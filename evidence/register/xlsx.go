package register

func openXLSX(data []byte, opt Options) (*table, error) { return nil, &Error{Code: CodeNoSheet} }
