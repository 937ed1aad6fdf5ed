import PosternKit
